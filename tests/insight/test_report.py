"""The page of a report."""

from elman.insight.report import Report, Section


def test_numbers_are_set_right_and_words_left():
    rows = [["method", "MASE", "share", "what"], ["ets", "0.97", "12 %", "3 values"], ["naive", "-", "-1.2e-05", "4"]]
    html = Report("page", [Section("Scores", "", table=rows)]).html()
    assert '<tr><th>method</th><th class="number">MASE</th><th class="number">share</th><th>what</th></tr>' in html
    assert '<td>naive</td><td class="number">-</td><td class="number">-1.2e-05</td><td>4</td>' in html
    assert ".number { text-align: right; }" in html
