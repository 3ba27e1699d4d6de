//! What becomes of words in the real window: an answer of Meta's that is lost, a window that Meta
//! disputes, words that wait for the customer, and words that leave by the phone.

use anyhow::Result;

use super::{COMPOSER, DIALOG, HEADING, LIST, MESSAGE, Window};

const DEMO: &str = "Demo: make something happen";

async fn make_happen(window: &Window, what: &str) -> Result<()> {
    window.press(DEMO).await?;
    window.press(what).await
}

async fn odettes_closed_chat(window: &Window) -> Result<String> {
    window.type_into("Search", "", "Odette").await?;
    window.click(LIST, "Odette Crane", "").await?;
    window.sees("The 24-hour window closed at").await?;
    window.sees("Your draft is kept").await?;
    let draft = window.value("", COMPOSER).await?;
    assert!(draft.len() > 10, "a draft: {draft:?}");
    // The first words are enough to know it by, and have no line breaks in them.
    Ok(draft.lines().next().unwrap_or_default().to_owned())
}

mod desktop_window {
    use super::*;

    #[tokio::test]
    async fn a_lost_answer_is_settled_by_the_report_and_a_dispute_by_the_customer() -> Result<()> {
        let window = Window::open(&["--demo-quiet"]).await?;
        window.click(LIST, "Maren Oduya", "").await?;
        window.sees_in(HEADING, "Maren Oduya").await?;
        window.clear("", COMPOSER).await?;

        // Meta takes it, its answer is lost, and its report comes as usual: one bubble, with ticks.
        make_happen(&window, "answer to the next message").await?;
        let first = "The wheel is in the stand.";
        window.type_into("", COMPOSER, first).await?;
        window.click("button", "Send", COMPOSER).await?;
        window.sees_ticks(MESSAGE, first).await?;
        window.sees_no(MESSAGE, "It may have gone out").await?;
        assert_eq!(window.count_of(MESSAGE, first).await?, 1);

        // By our books the window is open; Meta says otherwise. The words are kept.
        make_happen(&window, "say that the window is closed").await?;
        let second = "Shall I true the other one as well?";
        window.type_into("", COMPOSER, second).await?;
        window.click("button", "Send", COMPOSER).await?;
        window
            .sees_in(COMPOSER, "WhatsApp says this window is closed")
            .await?;
        window.sees_in(MESSAGE, second).await?;
        for way in ["Template", "Continue on the phone", "Try once more"] {
            window.sees_in(COMPOSER, way).await?;
        }

        // The next customer message opens it, and the words are offered again; a person sends them.
        // Meta's times are whole seconds, and within one of them the refusal wins.
        make_happen(&window, "Skip an hour").await?;
        make_happen(&window, "Maren Oduya writes").await?;
        window
            .sees_in(COMPOSER, "This text was not sent before")
            .await?;
        window.click("button", "Send it", COMPOSER).await?;
        window.sees_ticks(MESSAGE, second).await?;
        assert_eq!(window.count_of(MESSAGE, second).await?, 1);
        window.close().await
    }

    #[tokio::test]
    async fn a_template_with_a_picture_and_named_values_goes_out_of_a_closed_chat() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let photo = folder.path().join("sand-56.jpg");
        std::fs::write(&photo, &ajar_simulator::MediaFile::picture(3).bytes)?;

        let window = Window::open(&["--demo-quiet"]).await?;
        odettes_closed_chat(&window).await?;
        window.click("button", "Template", COMPOSER).await?;
        window
            .click("[role=option]", "hold_reminder", DIALOG)
            .await?;
        window.choose_file(DIALOG, &photo).await?;
        for (field, value) in [
            ("{{name}}", "Odette"),
            ("{{item}}", "sand Tourer"),
            ("{{until}}", "six o'clock"),
            ("See the bike", "frames/sand-56"),
        ] {
            window.clear(field, DIALOG).await?;
            window.type_into(field, DIALOG, value).await?;
        }
        // The picture lies at the hub.
        window.sees_in(DIALOG, "35 kB").await?;
        window.click("button", "Send to Odette", DIALOG).await?;
        let words = "Hi Odette, your sand Tourer is on hold until six o'clock.";
        window.sees_in(MESSAGE, words).await?;
        window.sees_ticks(MESSAGE, words).await?;
        window.find("[role=log] img", "", "").await?;
        window.close().await
    }

    #[tokio::test]
    async fn words_that_are_held_wait_for_the_customer_and_for_a_person() -> Result<()> {
        let window = Window::open(&["--demo-quiet"]).await?;
        let words = odettes_closed_chat(&window).await?;
        window
            .click("button", "Hold until they write", COMPOSER)
            .await?;
        window.sees_in(MESSAGE, "Held since").await?;
        make_happen(&window, "Odette Crane writes").await?;
        window.sees_in(COMPOSER, "Read the message first").await?;
        window.sees_in(MESSAGE, "Held since").await?;
        window.click("button", "Send it", COMPOSER).await?;
        window.sees_ticks(MESSAGE, &words).await?;
        window.close().await
    }

    #[tokio::test]
    async fn a_closed_chat_goes_on_from_the_phone() -> Result<()> {
        let window = Window::open(&["--demo-quiet"]).await?;
        let words = odettes_closed_chat(&window).await?;
        window
            .click("button", "Continue on the phone", COMPOSER)
            .await?;
        window.click("button", "Make the code", DIALOG).await?;
        window.find("[role=img]", "QR code", DIALOG).await?;
        window.click("button", "Close and wait", DIALOG).await?;
        make_happen(&window, "The phone sends to Odette Crane").await?;
        window.sees_in(MESSAGE, &words).await?;
        window.sees("Typed on the phone, Sami").await?;
        // What is typed on the phone opens nothing.
        window.sees("The 24-hour window closed at").await?;
        window.close().await
    }
}
