"""What a function reads from its environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaderboard import settings

ROOT = Path(__file__).parent.parent.parent


def test_empty_environment_has_the_documented_defaults() -> None:
    it = settings.load({})
    assert (it.write_shards, it.audience_shards) == (4, 1)
    assert (it.posts_per_second, it.record_interval_ms) == (5000, 100)
    assert it.frame_interval_ms is None
    assert it.allowed_origins == ()
    assert it.boards_file == ROOT / "boards.yml"


def test_empty_variable_is_as_good_as_none() -> None:
    names = ("WRITE_SHARDS", "FRAME_INTERVAL_MS", "ALLOWED_ORIGINS", "BOARDS_FILE", "STAGE")
    assert settings.load(dict.fromkeys(names, "")) == settings.load({})


def test_origins_are_split_and_trimmed() -> None:
    it = settings.load({"ALLOWED_ORIGINS": "https://a.example, http://localhost:5173 ,"})
    assert it.allowed_origins == ("https://a.example", "http://localhost:5173")


def test_numbers_are_numbers() -> None:
    it = settings.load({"WRITE_SHARDS": "8", "FRAME_INTERVAL_MS": "20", "RECORD_INTERVAL_MS": "10"})
    assert (it.write_shards, it.frame_interval_ms, it.record_interval_ms) == (8, 20, 10)


def test_what_is_no_number_stops_the_function() -> None:
    with pytest.raises(ValueError, match="many"):
        settings.load({"WRITE_SHARDS": "many"})


def test_frame_interval_may_be_nothing_at_all() -> None:
    assert settings.load({"FRAME_INTERVAL_MS": "0"}).frame_interval_ms == 0


def test_connections_are_posted_to_at_the_stages_own_address() -> None:
    it = settings.load({"WEBSOCKET_API_ID": "abc", "STAGE": "prod", "AWS_REGION": "eu-central-1"})
    assert it.socket_endpoint == "https://abc.execute-api.eu-central-1.amazonaws.com/prod"


def test_connections_of_an_emulator_are_posted_to_by_path() -> None:
    it = settings.load(
        {
            "WEBSOCKET_API_ID": "abc",
            "STAGE": "local",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:4566/",
        }
    )
    assert it.socket_endpoint == "http://127.0.0.1:4566/_aws/execute-api/abc/local"


def test_region_is_taken_from_either_of_its_variables() -> None:
    assert settings.load({"AWS_DEFAULT_REGION": "eu-west-1"}).region == "eu-west-1"
    both = {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-1"}
    assert settings.load(both).region == "eu-west-2"
