"""
Names and texts in any script, on the page: each as it is written, the end of a long one cut and not its beginning.
"""

from __future__ import annotations

import json

import pytest

from support.console import Console, go
from support.running import RunningRuntime

TEXTS = {
    "Arabic": "طلب جديد من المتجر",
    "Hebrew": "הזמנה חדשה מהחנות",
    "Persian": "می\u200cخواهم بخرم",
    "Hindi": "क\u094d\u200dष नया ऑर्डर",
    "Chinese": "来自商店的新订单",
    "Japanese": "東京からの新しい注文",
    "Thai": "คำสั่งซื้อใหม่",
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f44d\U0001f3fd",
}


@pytest.mark.parametrize("script", TEXTS)
def test_a_text_is_as_it_is_written(console: Console, running: RunningRuntime, script: str) -> None:
    """In the list, the heading, the envelope and the filter; joiners of words and of emoji are no hidden characters."""
    text = TEXTS[script]
    given = {
        "Source": "sample.source",
        "DetailType": text,
        "Detail": json.dumps({"msg": text, text: text}, ensure_ascii=False),
        "EventBusName": running.outputs["EventBusName"],
    }
    event_id = running.client("events").put_events(Entries=[given])["Entries"][0]["EventId"]
    go(console, running, f"#/events/{event_id}/event")
    console.await_role("group", "Event envelope")
    assert console.text("heading", "") == text
    assert f'"msg": "{text}"' in console.text("group", "Event envelope")
    console.run("await page.locator('[role=option] .title').first().waitFor()")
    assert console.value("document.querySelector('[role=option] .title').textContent") == text
    assert console.value("document.querySelectorAll('.hidden-char').length") == 0
    console.fill("searchbox", "Filter events by text", text[:4])
    console.wait("1 event")


def test_a_joiner_elsewhere_is_named(console: Console, running: RunningRuntime) -> None:
    """Between Latin letters nobody sees one: two names that look the same are not."""
    [event_id] = running.put("pay\u200dpal")
    go(console, running, f"#/events/{event_id}/event")
    console.run("await page.getByTitle('U+200D').first().waitFor()")


def test_a_user_of_another_script(console: Console, running: RunningRuntime) -> None:
    """Subscribes and is named in the lane and among the clients as anybody is."""
    name = TEXTS["Arabic"].replace(" ", "-")
    pool = running.outputs["UserPoolId"]
    running.client("cognito-idp").admin_create_user(UserPoolId=pool, Username=name)
    go(console, running, "#/subscribers/new")
    console.run("await page.getByRole('combobox', {name: 'User'}).selectOption({label: given})", name)
    console.click("button", "Subscribe", exact=True)
    console.wait("subscribed, 0 received")
    console.run("await page.getByRole('cell', {name: 'this page'}).waitFor()")
    assert name in console.text("table", "Connected clients")
    assert console.count("listitem", f"{name}, onPublishMsgFromEb") == 1


def test_the_end_is_cut(console: Console, running: RunningRuntime) -> None:
    """Of a long title in Arabic the beginning is in sight, at its right; of one in English, at its left."""
    for word in ("مرحبا", "hello"):
        given = {
            "Source": "sample.source",
            "DetailType": " ".join([word] * 20),
            "Detail": "{}",
            "EventBusName": running.outputs["EventBusName"],
        }
        running.client("events").put_events(Entries=[given])
    go(console, running, "#/events")
    console.run("await page.getByRole('listbox').getByRole('option').nth(1).waitFor()")
    found = console.value(
        "[...document.querySelectorAll('[role=option] .title')].map((each) => "
        "[getComputedStyle(each).direction, each.scrollWidth > each.clientWidth])"
    )
    assert found == [["ltr", True], ["rtl", True]]
