"""The home page, played by its buttons."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.surfaces import SURFACES
from pages.parts import walk

APP = Path(__file__).parents[1] / "app.py"


def opened(link: Mapping[str, str] | None = None) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=30)
    for key, value in (link or {}).items():
        app.query_params[key] = value
    return app.run()


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception
    return app


def walked(app: AppTest) -> list[walk.Point]:
    """The walk in the link, which AppTest holds as lists."""
    texts = app.query_params.get("walk", [""])
    text = texts if isinstance(texts, str) else texts[-1]
    return list(walk.parse(text) or ())


def said(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.header, *app.title))


def test_a_game_from_the_first_step_to_the_lifted_fog() -> None:
    app = opened()
    assert not app.exception
    assert [title.value for title in app.title] == ["What can you know of a landscape from one point?"]
    assert "Let gradient descent try" not in labels(app)
    assert "Undo last step" not in labels(app)
    name, surface = walk.landscape(1)

    press(app, "Step downhill")
    start = tuple(surface.start.tolist())
    first = walk.step(surface, start, walk.downhill(surface, start), 1.0)
    assert first is not None
    assert walked(app) == [first]
    press(app, "N")
    assert walked(app)[1] == pytest.approx((first[0], first[1] + 1.0), abs=1e-3)
    press(app, "Undo last step")
    assert walked(app) == [first]
    assert SURFACES[name].label not in said(app)

    press(app, "Let gradient descent try")
    assert "Step downhill" not in labels(app)
    assert SURFACES[name].label not in said(app)
    press(app, "Lift the fog")
    assert SURFACES[name].label in said(app)
    assert "from the nearest minimum" in said(app)
    assert walked(app) == [first]

    press(app, "New walk")
    assert walked(app) == []
    assert "phase" not in app.query_params
    assert SURFACES[name].label not in said(app)


def test_the_length_of_a_step_is_used() -> None:
    app = opened({"length": "0.25"})
    press(app, "E")
    assert walked(app) == [(0.25, -0.5)]


def test_steps_run_out() -> None:
    app = opened({"walk": ";".join(["1,1"] * (walk.BUDGET - 1))})
    press(app, "S")
    assert len(walked(app)) == walk.BUDGET
    assert not {"Step downhill", "N", "S"} & set(labels(app))
    assert "Let gradient descent try" in labels(app)


def test_another_landscape_brings_its_start_and_its_step() -> None:
    app = press(opened({"walk": "1,1"}), "Another landscape")
    assert walked(app) == []
    press(app, "E")
    _, surface = walk.landscape(2)
    assert walked(app)[0] == pytest.approx((surface.start[0] + walk.usual_length(surface), surface.start[1]), abs=1e-3)


def test_a_step_over_the_edge_is_refused_with_a_word() -> None:
    app = press(opened({"walk": "6,0"}), "E")
    assert walked(app) == [(6.0, 0.0)]
    assert "edge of the map" in app.toast[0].value


def test_level_ground_gives_no_direction() -> None:
    app = press(opened({"walk": "3,2"}), "Step downhill")  # a minimum of landscape 1, to the last digit
    assert walked(app) == [(3.0, 2.0)]
    assert "level" in app.toast[0].value


@pytest.mark.parametrize(
    "link",
    [
        {"walk": "zzz"}, {"walk": "1e999,0"}, {"walk": "9" * 10_000}, {"walk": ""}, {"walk": "nan,nan"},
        {"landscape": "99"}, {"landscape": "abc"}, {"landscape": "1e999"}, {"phase": "<script>", "walk": "1,1"},
        {"walk": "1e6,-1e6", "phase": "lifted"}, {"walk": ";".join(["1,1"] * 40)}, {"length": "nan"},
    ],
)  # fmt: skip
def test_a_hostile_link_is_named_and_mended(link: dict[str, str]) -> None:
    app = opened(link)
    assert not app.exception
    assert "In the link: " in app.warning[0].value
    press(app, "Another landscape")


def test_a_link_without_a_step_stays_in_fog() -> None:
    for phase in ("descent", "lifted"):
        app = opened({"phase": phase})
        assert not app.exception
        assert "Step downhill" in labels(app)


@pytest.mark.parametrize("number", range(1, len(walk.LANDSCAPES) + 1))
def test_every_landscape_opens_from_a_link(number: int) -> None:
    app = opened({"landscape": str(number), "walk": "1,1;1,0.5", "phase": "lifted"})
    assert not app.exception
    assert not app.warning
    assert walk.landscape(number)[1].label in said(app)


def test_the_lessons_are_linked_in_order() -> None:
    links = [element.proto.page for element in opened().get("page_link")]
    assert links == ["descent", "race"]
