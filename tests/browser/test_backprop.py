"""Backpropagation walked to its end by keyboard: every slope appears in its turn, as the engine has it."""

import numpy as np
from playwright.sync_api import expect

from engine.graph import Graph
from pages.parts.backprop_controls import INPUTS, RATE
from pages.parts.words import number
from tests.browser.stage import wait_until

VIEW = "document.querySelector('.dl-backprop')"


def test_walk_to_the_end_by_keyboard_take_the_update_and_change_a_weight(open_page, axe):
    graph = Graph((2, 3, 2, 1))
    params, x = graph.init(0), np.array(INPUTS[:2])
    adjoints = graph.backward(graph.partials(graph.forward(params, x, 1.0), 1.0))
    moves = list(graph.walk())
    page = open_page("/backprop")
    wait_until(page, f"() => {VIEW}?.dataset.step === '{sum(m.phase == 'forward' for m in moves)}'")
    page.keyboard.press("Home")
    assert page.locator(".dl-drawing .dl-lit").count() == 0
    numbers, said = page.locator(".dl-move-numbers"), page.locator(".dl-move")
    for count, move in enumerate(moves, 1):
        page.keyboard.press("ArrowRight")
        wait_until(page, f"() => {VIEW}.dataset.step === '{count}'")
        assert page.locator(".dl-drawing .dl-lit").count() >= 1
        if move.phase == "backward" and graph.nodes[move.target].operation in ("weight", "bias"):
            assert numbers.inner_text().endswith(f"= {number(float(adjoints[move.target]))}")
            assert numbers.locator("mark").count() == 1
            assert "Central difference" in said.inner_text()
    assert page.locator(".dl-drawing .dl-backward").evaluate_all("nodes => nodes.every((n) => n.textContent)")
    page.keyboard.press("ArrowRight")
    after = graph.forward(params - RATE * adjoints[list(graph.parameters)], x, 1.0)[-1]
    expect(said).to_contain_text(f"{number(float(after), 4)} after. It fell.")
    axe(page)

    page.get_by_role("button", name="Computation graph").click()
    assert page.locator(".dl-drawing rect").count() == sum(n.operation not in ("weight", "bias") for n in graph.nodes)
    revision = page.evaluate(f"{VIEW}.dataset.revision")
    page.get_by_role("button", name="Take the update").click()
    expect(page.get_by_text(f"Loss now {number(float(after), 4)}")).to_be_visible()
    wait_until(page, f"(before) => {VIEW}.dataset.revision !== before", revision)
    page.locator("[data-picks='7']").first.click()
    box = page.get_by_role("spinbutton", name="b¹₂, exact value")
    box.fill("3")
    box.press("Enter")
    wait_until(page, "() => new URL(location.href).searchParams.get('weights')?.split(' ')[7] === '3'")
    assert int(page.evaluate(f"{VIEW}.dataset.step")) == len(moves) + 1  # the reader stays where they were
