//! The real window, driven as a person drives it: the list, the clock, an answer, a closed chat
//! and its template, a start on the phone, and a window that closes while one types.

#![cfg(target_os = "linux")]

mod sending;
mod window;

use anyhow::Result;
use window::Window;

const LIST: &str = "[role=listbox] [role=option]";
const HEADING: &str = "main h1, main h2";
const MESSAGE: &str = "[role=log] article, [role=log] [role=article]";
const COMPOSER: &str = "section[aria-label=Composer]";
const DIALOG: &str = "[role=dialog]";

mod desktop_window {
    use super::*;

    #[tokio::test]
    async fn an_agent_answers_uses_a_template_and_starts_a_chat_on_the_phone() -> Result<()> {
        let window = Window::open(&["--demo-quiet"]).await?;

        // The list, with a clock in every row.
        window.sees_in(LIST, "Maren Oduya").await?;
        assert!(window.count(LIST).await? >= 8, "a screen full of chats");
        for state in ["no answer yet", "disputed", "23h"] {
            window.sees_in(LIST, state).await?;
        }

        // The clock runs: what it says now it will not say for long.
        let shown = window.reads("button", r"closes in \d+:\d\d").await?;
        window.sees_no("button", &shown).await?;

        // An answer, typed and sent; its ticks come.
        window.click(LIST, "Maren Oduya", "").await?;
        window.sees_in(HEADING, "Maren Oduya").await?;
        window.clear("", COMPOSER).await?;
        let answer = "See you on Saturday, bring the old wheel along.";
        window.type_into("", COMPOSER, answer).await?;
        window.click("button", "Send", COMPOSER).await?;
        window.sees_in(MESSAGE, answer).await?;
        window.sees_ticks(MESSAGE, answer).await?;
        assert_eq!(
            window.value("", COMPOSER).await?,
            "",
            "the field is empty again"
        );

        // The customer writes, and it is there.
        let before = window.count(MESSAGE).await?;
        window.press("Demo: make something happen").await?;
        window.press("Maren Oduya writes").await?;
        let mut now = before;
        while now == before {
            now = window.count(MESSAGE).await?;
        }

        // A closed chat keeps its draft; a template goes out all the same.
        window.type_into("Search", "", "Odette").await?;
        window.click(LIST, "Odette Crane", "").await?;
        window.sees("The 24-hour window closed at").await?;
        window.sees("Your draft is kept").await?;
        window.click("button", "Template", COMPOSER).await?;
        window
            .click("[role=option]", "ready_to_collect", DIALOG)
            .await?;
        fill(&window, "{{1}}", "Odette").await?;
        fill(&window, "{{2}}", "sand Tourer").await?;
        window.click("button", "Send to Odette", DIALOG).await?;
        window
            .sees_in(MESSAGE, "Hi Odette, your sand Tourer is ready.")
            .await?;

        // A chat begins on the phone: words, code, and the echo that claims it.
        window.press("New conversation").await?;
        window
            .type_into("Number or contact", DIALOG, "+1 415 555 2671")
            .await?;
        window.sees("valid, no chat yet").await?;
        window
            .type_into("Name, if you know it", DIALOG, "Juniper Vale")
            .await?;
        window
            .type_into("First words", DIALOG, "Hi Juniper, your lamp is here.")
            .await?;
        window.click("button", "Make the code", DIALOG).await?;
        window.find("[role=img]", "QR code", DIALOG).await?;
        window.click("button", "Close and wait", DIALOG).await?;
        window.press("Demo: make something happen").await?;
        window.press("The phone sends to Juniper Vale").await?;
        window.clear("Search", "").await?;
        window.click(LIST, "Juniper Vale", "").await?;
        window
            .sees_in(COMPOSER, "Started on the phone by Sami")
            .await?;

        window.close().await
    }

    #[tokio::test]
    async fn the_window_closes_while_one_types_and_the_words_stay() -> Result<()> {
        let window = Window::open(&["--demo-quiet"]).await?;
        window.press("Yusuf Brandt is waiting").await?;
        window.sees_in(HEADING, "Yusuf Brandt").await?;
        window.clear("", COMPOSER).await?;
        let first = "Yes, it is on the rack";
        window.type_into("", COMPOSER, first).await?;
        window.reads(COMPOSER, r"\d:\d\d").await?;

        // Eight minutes are long; the team's clock can run.
        window.press("Demo: make something happen").await?;
        window.press("60 times faster").await?;
        window.type_into("", COMPOSER, " by the door.").await?;
        window.sees("The 24-hour window closed at").await?;
        let kept = window.value("", COMPOSER).await?;
        assert_eq!(kept, "Yes, it is on the rack by the door.");
        for way in ["Template", "Continue on the phone", "Hold until they write"] {
            window.sees_in(COMPOSER, way).await?;
        }
        window.sees_button(COMPOSER, "Send", false).await?;

        // It opens again by itself when the customer writes.
        window.press("Demo: make something happen").await?;
        window.press("Yusuf Brandt writes").await?;
        window.sees_button(COMPOSER, "Send", true).await?;
        assert_eq!(window.value("", COMPOSER).await?, kept);
        window.close().await
    }
}

async fn fill(window: &Window, field: &str, text: &str) -> Result<()> {
    window.clear(field, DIALOG).await?;
    window.type_into(field, DIALOG, text).await
}
