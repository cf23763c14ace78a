from keras_padpos.sweep.run import SweepLog


def write(log, text):
    with open(log.path, "a") as file:
        file.write(text)


def test_nothing_is_there_yet(tmp_path):
    log = SweepLog(tmp_path / "run.log").from_here()
    assert (log.node(), log.progress(), log.last_lines(3)) == (None, "", [])


def test_an_attempt_sees_itself_alone(tmp_path):
    log = SweepLog(tmp_path / "run.log")
    log.begin(1, "one/123456", ["python", "-m", "count", "--to=a b"])
    write(log, "1/3 first\n")
    second = log.from_here()
    assert (second.node(), second.last_lines(3)) == (None, [])
    second.begin(2, "two/abcdef", ["python"])
    assert (second.node(), second.last_lines(3)) == ("two/abcdef", [])
    assert log.node() == "one/123456"
    first, _, again = log.path.read_text().splitlines()
    assert first.startswith("[sweep] attempt 1 on one/123456, ")
    assert first.endswith(": python -m count '--to=a b'")
    assert again.startswith("[sweep] attempt 2 ")


def test_progress_is_the_last_unit_else_the_last_line(tmp_path):
    log = SweepLog(tmp_path / "run.log")
    log.begin(1, "one/123456", ["python"])
    write(log, "reading\n")
    assert log.progress() == "reading"
    write(log, "1/3 zeros: 64 images\n2/3 reflect: 64 images\nwarning: x\n\n")
    assert log.progress() == "2/3 reflect: 64 images"


def test_lines_that_a_terminal_would_redraw(tmp_path):
    log = SweepLog(tmp_path / "run.log")
    log.path.write_bytes(b"10 %\r20 %\r\x1b[2K30 %\nbro\xffken\n  \nlast")
    assert log.last_lines(9) == ["[2K30 %", "bro\ufffdken", "last"]
    assert log.last_lines(1) == ["last"]


def test_a_long_log_is_read_from_its_end(tmp_path):
    log = SweepLog(tmp_path / "run.log")
    log.begin(1, "one/123456", ["python"])
    write(log, "".join(f"line {n}\n" for n in range(50_000)))
    assert log.node() == "one/123456"
    assert log.last_lines(2) == ["line 49998", "line 49999"]
