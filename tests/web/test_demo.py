"""The demo never writes into a catalogue that is not its own."""

import json

from web.commands.demo import choose_home, find_free_port, is_free, listening


def fill(home, size=None):
    home.mkdir(parents=True, exist_ok=True)
    (home / "hanmaru.db").touch()
    if size is not None:
        (home / "demo.json").write_text(json.dumps({"size": size}))


def test_an_empty_home_is_taken_and_taken_again(tmp_path):
    home = tmp_path / "home"

    assert choose_home(home, 300) == home
    fill(home)
    assert choose_home(home, 300) == home


def test_a_demo_of_another_size_gets_a_folder_of_its_own(tmp_path):
    fill(tmp_path, size=2000)

    assert choose_home(tmp_path, 300) == tmp_path / "demo-300"
    assert choose_home(tmp_path, 300) == tmp_path / "demo-300"
    assert choose_home(tmp_path, 2000) == tmp_path


def test_a_catalogue_that_no_demo_made_is_left_alone(tmp_path):
    fill(tmp_path)

    assert choose_home(tmp_path, 2000) == tmp_path / "demo-2000"
    assert not (tmp_path / "demo.json").exists()


def test_a_port_in_use_is_not_free():
    with listening("127.0.0.1", 0) as listener:
        assert listener is not None
        taken = listener.getsockname()[1]
        assert not is_free("127.0.0.1", taken)

    assert is_free("127.0.0.1", taken)
    assert find_free_port("127.0.0.1") > 0
