//! Customers and the keys under which each is known.

use ajar_domain::{
    Bsuid, CustomerId, Time,
    customer::{CustomerKey, PhoneNumber},
};

use super::{Conn, Result, Tx, either};

/// What one webhook item says about a customer.
#[derive(Clone, Debug, Default)]
pub struct Sighting {
    pub phone: Option<PhoneNumber>,
    pub bsuid: Option<Bsuid>,
    pub profile_name: Option<String>,
    pub username: Option<String>,
    /// Meta's time; the newest name wins.
    pub at: Time,
}

impl Sighting {
    /// The keys in canonical spelling.
    #[must_use]
    pub fn keys(&self) -> Vec<CustomerKey> {
        let mut keys = Vec::new();
        if let Some(bsuid) = &self.bsuid {
            keys.push(CustomerKey::Bsuid(bsuid.clone()));
        }
        if let Some(phone) = &self.phone {
            keys.push(CustomerKey::Phone(phone.canonical()));
        }
        keys
    }
}

fn columns(key: &CustomerKey) -> (&'static str, &str) {
    match key {
        CustomerKey::Phone(phone) => ("phone", phone.digits()),
        CustomerKey::Bsuid(bsuid) => ("bsuid", &bsuid.0),
    }
}

/// How a customer can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    pub phone: Option<PhoneNumber>,
    pub bsuid: Option<Bsuid>,
}

impl Conn {
    pub async fn customer_by_key(&mut self, key: &CustomerKey) -> Result<Option<CustomerId>> {
        const BY: &str = "SELECT customer_id FROM identities WHERE kind = $1 AND value = $2";
        let (kind, value) = columns(key);
        let row: Option<(String,)> = either!(self, |c| sqlx::query_as(BY)
            .bind(kind)
            .bind(value)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.map(|(id,)| CustomerId::new(id)))
    }

    pub async fn address(&mut self, customer: &CustomerId) -> Result<Address> {
        const ADDRESS: &str = "SELECT phone, bsuid FROM customers WHERE id = $1";
        let row: Option<(Option<String>, Option<String>)> = either!(self, |c| {
            sqlx::query_as(ADDRESS)
                .bind(customer.as_str())
                .fetch_optional(&mut **c)
                .await
        })?;
        Ok(row.map_or_else(Address::default, |(phone, bsuid)| Address {
            phone: phone.as_deref().and_then(PhoneNumber::from_digits),
            bsuid: bsuid.map(Bsuid),
        }))
    }
}

impl Tx {
    pub async fn add_customer(&mut self, id: &CustomerId) -> Result<()> {
        const ADD: &str = "INSERT INTO customers (id, book_name_at, profile_name_at, about) \
             VALUES ($1, 0, 0, '')";
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(id.as_str())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn add_key(&mut self, customer: &CustomerId, key: &CustomerKey) -> Result<()> {
        const ADD: &str = "INSERT INTO identities (kind, value, customer_id) VALUES ($1, $2, $3) \
             ON CONFLICT (kind, value) DO UPDATE SET customer_id = excluded.customer_id";
        let (kind, value) = columns(key);
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(kind)
            .bind(value)
            .bind(customer.as_str())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Takes over names and addresses of a sighting. Returns whether anything shown changed.
    pub async fn see_customer(&mut self, customer: &CustomerId, seen: &Sighting) -> Result<bool> {
        const NAME: &str = "UPDATE customers SET profile_name = $2, profile_name_at = $3 \
             WHERE id = $1 AND profile_name_at < $3 RETURNING id";
        const KEYS: &str = "UPDATE customers SET \
             phone = COALESCE($2, phone), bsuid = COALESCE($3, bsuid), username = COALESCE($4, username) \
             WHERE id = $1 AND (phone IS NULL AND $2 IS NOT NULL OR bsuid IS NULL AND $3 IS NOT NULL \
             OR $4 IS NOT NULL AND (username IS NULL OR username <> $4)) RETURNING id";
        let mut changed = false;
        if let Some(name) = &seen.profile_name {
            let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(NAME)
                .bind(customer.as_str())
                .bind(name)
                .bind(seen.at.millis())
                .fetch_optional(&mut **c)
                .await)?;
            changed |= done.is_some();
        }
        let phone = seen.phone.as_ref().map(PhoneNumber::digits);
        let bsuid = seen.bsuid.as_ref().map(|bsuid| bsuid.0.as_str());
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(KEYS)
            .bind(customer.as_str())
            .bind(phone)
            .bind(bsuid)
            .bind(&seen.username)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(changed || done.is_some())
    }

    /// A name an agent gave to a number that nobody knew; the lowest rank of names.
    pub async fn give_name(&mut self, customer: &CustomerId, name: &str) -> Result<()> {
        const SET: &str = "UPDATE customers SET given_name = $2 WHERE id = $1";
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(customer.as_str())
            .bind(name)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn set_about(&mut self, customer: &CustomerId, about: &str) -> Result<()> {
        const SET: &str = "UPDATE customers SET about = $2 WHERE id = $1";
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(customer.as_str())
            .bind(about)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// All keys and what the team wrote of `gone` pass to `kept`; `gone` is deleted.
    pub async fn absorb_customer(&mut self, kept: &CustomerId, gone: &CustomerId) -> Result<()> {
        const KEYS: &str = "UPDATE identities SET customer_id = $1 WHERE customer_id = $2";
        const FACTS: &str = "UPDATE customers SET \
             phone = COALESCE(phone, (SELECT g.phone FROM customers g WHERE g.id = $2)), \
             bsuid = COALESCE(bsuid, (SELECT g.bsuid FROM customers g WHERE g.id = $2)), \
             username = COALESCE(username, (SELECT g.username FROM customers g WHERE g.id = $2)), \
             book_name = COALESCE(book_name, (SELECT g.book_name FROM customers g WHERE g.id = $2)), \
             profile_name = COALESCE(profile_name, (SELECT g.profile_name FROM customers g WHERE g.id = $2)), \
             given_name = COALESCE(given_name, (SELECT g.given_name FROM customers g WHERE g.id = $2)), \
             about = CASE WHEN about = '' THEN (SELECT g.about FROM customers g WHERE g.id = $2) ELSE about END \
             WHERE id = $1";
        const GONE: &str = "DELETE FROM customers WHERE id = $1";
        either!(&mut self.conn, |c| {
            sqlx::query(KEYS)
                .bind(kept.as_str())
                .bind(gone.as_str())
                .execute(&mut **c)
                .await?;
            sqlx::query(FACTS)
                .bind(kept.as_str())
                .bind(gone.as_str())
                .execute(&mut **c)
                .await?;
            sqlx::query(GONE)
                .bind(gone.as_str())
                .execute(&mut **c)
                .await?;
        });
        Ok(())
    }
}
