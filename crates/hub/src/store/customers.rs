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
    /// The id of the portfolio's parent, where the portfolio is enrolled for it.
    pub parent: Option<Bsuid>,
    pub profile_name: Option<String>,
    pub username: Option<String>,
    /// Meta's time; the newest name, number and id win.
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
        if let Some(parent) = &self.parent {
            keys.push(CustomerKey::Parent(parent.clone()));
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
        CustomerKey::Parent(bsuid) => ("parent", &bsuid.0),
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

    /// All business-scoped ids that a customer has or had.
    pub async fn ids_of(&mut self, customer: &CustomerId) -> Result<Vec<Bsuid>> {
        const OF: &str = "SELECT value FROM identities WHERE customer_id = $1 AND kind = 'bsuid' \
             ORDER BY value";
        let rows: Vec<(String,)> = either!(self, |c| sqlx::query_as(OF)
            .bind(customer.as_str())
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows.into_iter().map(|(value,)| Bsuid(value)).collect())
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

    /// The customer is known by this key as of `at`; the newest holder of a key keeps it.
    pub async fn add_key(
        &mut self,
        customer: &CustomerId,
        key: &CustomerKey,
        at: Time,
    ) -> Result<()> {
        const ADD: &str = "INSERT INTO identities (kind, value, customer_id, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (kind, value) DO UPDATE SET customer_id = excluded.customer_id, \
             at = excluded.at WHERE identities.at < excluded.at";
        let (kind, value) = columns(key);
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(kind)
            .bind(value)
            .bind(customer.as_str())
            .bind(at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// A number belongs to somebody else now. Returns whether it was shown here.
    pub async fn drop_phone(&mut self, customer: &CustomerId, phone: &PhoneNumber) -> Result<bool> {
        const DROP: &str = "UPDATE customers SET phone = NULL, phone_at = 0 WHERE id = $1";
        let address = self.conn.address(customer).await?;
        if address.phone.as_ref().map(PhoneNumber::canonical) != Some(phone.canonical()) {
            return Ok(false);
        }
        either!(&mut self.conn, |c| sqlx::query(DROP)
            .bind(customer.as_str())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(true)
    }

    /// Takes over names and addresses of a sighting; of each the newest wins, and of two in one
    /// second the greater, so that their order does not matter. Returns whether anything shown
    /// changed.
    pub async fn see_customer(&mut self, customer: &CustomerId, seen: &Sighting) -> Result<bool> {
        const NOW: &str = "SELECT profile_name, profile_name_at, phone, phone_at, bsuid, bsuid_at, \
             username, username_at FROM customers WHERE id = $1";
        const WRITE: &str = "UPDATE customers SET profile_name = $2, profile_name_at = $3, \
             phone = $4, phone_at = $5, bsuid = $6, bsuid_at = $7, username = $8, username_at = $9 \
             WHERE id = $1";
        type Columns = (
            Option<String>,
            i64,
            Option<String>,
            i64,
            Option<String>,
            i64,
            Option<String>,
            i64,
        );
        let now: Option<Columns> = either!(&mut self.conn, |c| sqlx::query_as(NOW)
            .bind(customer.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        let Some((name, name_at, phone, phone_at, bsuid, bsuid_at, username, username_at)) = now
        else {
            return Ok(false);
        };
        let at = seen.at.millis();
        let newest = |known: (Option<String>, i64), said: Option<&str>| match said {
            Some(said) if (at, Some(said)) > (known.1, known.0.as_deref()) => {
                (Some(said.to_owned()), at)
            }
            _ => known,
        };
        let before = (name.clone(), phone.clone(), username.clone());
        let times = (name_at, phone_at, bsuid_at, username_at);
        let (name, name_at) = newest((name, name_at), seen.profile_name.as_deref());
        let (phone, phone_at) = newest(
            (phone, phone_at),
            seen.phone.as_ref().map(PhoneNumber::digits),
        );
        let (bsuid, bsuid_at) = newest(
            (bsuid, bsuid_at),
            seen.bsuid.as_ref().map(|bsuid| bsuid.0.as_str()),
        );
        let (username, username_at) = newest((username, username_at), seen.username.as_deref());
        let changed = before != (name.clone(), phone.clone(), username.clone());
        if !changed && times == (name_at, phone_at, bsuid_at, username_at) {
            return Ok(false);
        }
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(customer.as_str())
            .bind(&name)
            .bind(name_at)
            .bind(&phone)
            .bind(phone_at)
            .bind(&bsuid)
            .bind(bsuid_at)
            .bind(&username)
            .bind(username_at)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(changed)
    }

    /// The phone's address book: added, edited (`Some`) or removed (`None`). A late change does
    /// not undo a newer one. Returns whether it was news.
    pub async fn write_book_name(
        &mut self,
        customer: &CustomerId,
        name: Option<&str>,
        at: Time,
    ) -> Result<bool> {
        const WRITE: &str = "UPDATE customers SET book_name = $2, book_name_at = $3 WHERE id = $1 \
             AND (book_name_at < $3 OR book_name_at = $3 AND COALESCE(book_name, '') < COALESCE($2, '')) \
             RETURNING id";
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(WRITE)
            .bind(customer.as_str())
            .bind(name)
            .bind(at.millis())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    /// The customer moved to another number or id. Returns whether it was news.
    pub async fn note_move(&mut self, customer: &CustomerId, at: Time) -> Result<bool> {
        const NOTE: &str = "UPDATE customers SET moved_at = $2 \
             WHERE id = $1 AND (moved_at IS NULL OR moved_at < $2) RETURNING id";
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(NOTE)
            .bind(customer.as_str())
            .bind(at.millis())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    /// The customer's word about marketing messages; of two in one second *stop* counts. Returns
    /// whether it was news.
    pub async fn note_marketing(
        &mut self,
        customer: &CustomerId,
        wanted: bool,
        at: Time,
    ) -> Result<bool> {
        const NOTE: &str = "UPDATE customers SET marketing = $2, marketing_at = $3 WHERE id = $1 \
             AND (marketing_at < $3 OR marketing_at = $3 AND marketing > $2) RETURNING id";
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(NOTE)
            .bind(customer.as_str())
            .bind(i64::from(wanted))
            .bind(at.millis())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
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

    /// Numbers a change of everything that shows this customer.
    pub async fn stamp_customer(&mut self, customer: &CustomerId) -> Result<()> {
        for conversation in self.conn.conversation_ids_of(customer).await? {
            self.stamp_conversation(&conversation).await?;
        }
        Ok(())
    }
}
