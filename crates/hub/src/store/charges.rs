//! What Meta said about the price of our messages, counted by month, and the rate card.

use ajar_domain::{
    InboxId, Time, WaMessageId,
    price::Price,
    rate_card::{Charged, RateCard},
};

use super::{Conn, Result, Tx, either, from_json, to_json};

const RATE_CARD: &str = "rate_card";

impl Conn {
    /// The messages of a number that were charged since a moment, by kind; most first.
    pub async fn charged(&mut self, inbox: &InboxId, since: Time) -> Result<Vec<Charged>> {
        const COUNT: &str = "SELECT class, category, country, COUNT(*) FROM charges \
             WHERE inbox_id = $1 AND at >= $2 GROUP BY class, category, country \
             ORDER BY COUNT(*) DESC, class, category, country";
        let rows: Vec<(String, String, String, i64)> = either!(self, |c| sqlx::query_as(COUNT)
            .bind(inbox.as_str())
            .bind(since.millis())
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter()
            .map(|(class, category, country, count)| {
                Ok(Charged {
                    class: from_json(&class, "charges", inbox.as_str())?,
                    category: from_json(&category, "charges", inbox.as_str())?,
                    country: (!country.is_empty()).then_some(country),
                    count: u32::try_from(count).unwrap_or(u32::MAX),
                })
            })
            .collect()
    }

    pub async fn rate_card(&mut self) -> Result<Option<RateCard>> {
        const CARD: &str = "SELECT value FROM settings WHERE name = $1";
        let row: Option<(String,)> = either!(self, |c| sqlx::query_as(CARD)
            .bind(RATE_CARD)
            .fetch_optional(&mut **c)
            .await)?;
        row.map(|(json,)| from_json(&json, "settings", RATE_CARD))
            .transpose()
    }
}

impl Tx {
    /// Meta charged a delivered message. It says so with several reports; the earliest counts.
    pub async fn note_charge(
        &mut self,
        wamid: &WaMessageId,
        inbox: &InboxId,
        price: &Price,
        country: Option<&str>,
        at: Time,
    ) -> Result<()> {
        const NOTE: &str = "INSERT INTO charges (wamid, inbox_id, at, class, category, country) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (wamid) DO UPDATE SET \
             at = excluded.at, class = excluded.class, category = excluded.category, \
             country = excluded.country WHERE charges.at > excluded.at";
        let class = to_json(&price.class)?;
        let category = to_json(&price.category)?;
        either!(&mut self.conn, |c| sqlx::query(NOTE)
            .bind(wamid.as_str())
            .bind(inbox.as_str())
            .bind(at.millis())
            .bind(&class)
            .bind(&category)
            .bind(country.unwrap_or_default())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn set_rate_card(&mut self, card: Option<&RateCard>) -> Result<()> {
        const SET: &str = "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        const REMOVE: &str = "DELETE FROM settings WHERE name = $1";
        match card {
            Some(card) => {
                let json = to_json(card)?;
                either!(&mut self.conn, |c| sqlx::query(SET)
                    .bind(RATE_CARD)
                    .bind(&json)
                    .execute(&mut **c)
                    .await
                    .map(drop))?;
            }
            None => {
                either!(&mut self.conn, |c| sqlx::query(REMOVE)
                    .bind(RATE_CARD)
                    .execute(&mut **c)
                    .await
                    .map(drop))?;
            }
        }
        Ok(())
    }
}
