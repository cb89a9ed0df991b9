from training.report import Report, loss_curve


def test_a_report_is_one_self_contained_page() -> None:
    figure = loss_curve([1, 2], [0.5, 0.25], accuracy=([2], [0.75]))
    page = (
        Report("Digits", "Reads <rows>.")
        .text("Note", "A & B")
        .table("Figures", ("name", "value"), [("accuracy", 0.993456)], note="on validation")
        .settings("Settings", {"cell": "gru"})
        .figure("Loss", figure, note="lower is better")
        .render()
    )
    assert "Reads &lt;rows&gt;." in page
    assert "A &amp; B" in page
    assert "<td>0.9935</td>" in page
    assert "<td>gru</td>" in page
    assert "data:image/png;base64," in page
    assert "http" not in page
