//! Customers and the keys under which each is known.

use std::collections::BTreeMap;

use ajar_domain::{
    Bsuid, CustomerId, Time,
    customer::{CustomerKey, PhoneNumber},
};

use super::{
    Conn, Result, Tx, either,
    many::{Lazily, Many},
};

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

/// What the webhooks have told of a customer so far, each with the time it was told at.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
struct Known {
    id: String,
    profile_name: Option<String>,
    profile_name_at: i64,
    phone: Option<String>,
    phone_at: i64,
    bsuid: Option<String>,
    bsuid_at: i64,
    username: Option<String>,
    username_at: i64,
}

impl Known {
    /// Of each the newest wins, and of two in one second the greater.
    fn and(mut self, seen: &Sighting) -> Self {
        fn newest(known: &mut Option<String>, known_at: &mut i64, said: Option<&str>, at: i64) {
            if let Some(said) = said
                && (at, Some(said)) > (*known_at, known.as_deref())
            {
                *known = Some(said.to_owned());
                *known_at = at;
            }
        }
        let at = seen.at.millis();
        let phone = seen.phone.as_ref().map(PhoneNumber::digits);
        let bsuid = seen.bsuid.as_ref().map(|bsuid| bsuid.0.as_str());
        newest(
            &mut self.profile_name,
            &mut self.profile_name_at,
            seen.profile_name.as_deref(),
            at,
        );
        newest(&mut self.phone, &mut self.phone_at, phone, at);
        newest(&mut self.bsuid, &mut self.bsuid_at, bsuid, at);
        newest(
            &mut self.username,
            &mut self.username_at,
            seen.username.as_deref(),
            at,
        );
        self
    }

    /// Whether people see the same of it. An id of Meta's is shown to nobody.
    fn looks_like(&self, other: &Self) -> bool {
        (&self.profile_name, &self.phone, &self.username)
            == (&other.profile_name, &other.phone, &other.username)
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

    /// Who has each of some keys. A key that nobody has is not in the answer.
    pub async fn holders(
        &mut self,
        keys: &[&CustomerKey],
    ) -> Result<Vec<(CustomerKey, CustomerId)>> {
        static OF: Lazily = Lazily::new(|| {
            Many::new(
                "SELECT kind, value, customer_id FROM identities WHERE (kind, value) IN (VALUES",
                2,
                ")",
            )
        });
        let mut found = Vec::with_capacity(keys.len());
        for (sql, some) in OF.of(self, keys) {
            let rows: Vec<(String, String, String)> = either!(self, |c| {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for key in some {
                    let (kind, value) = columns(key);
                    query = query.bind(kind).bind(value);
                }
                query.fetch_all(&mut **c).await
            })?;
            found.extend(rows.into_iter().filter_map(|(kind, value, customer)| {
                let key = match kind.as_str() {
                    "phone" => CustomerKey::Phone(PhoneNumber::from_digits(&value)?),
                    "bsuid" => CustomerKey::Bsuid(Bsuid(value)),
                    _ => CustomerKey::Parent(Bsuid(value)),
                };
                Some((key, CustomerId::new(customer)))
            }));
        }
        Ok(found)
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
        self.add_keys(&[(key, customer, at)]).await
    }

    /// The same for many keys, each once.
    pub async fn add_keys(&mut self, keys: &[(&CustomerKey, &CustomerId, Time)]) -> Result<()> {
        static ADD: Lazily = Lazily::new(|| {
            Many::new(
                "INSERT INTO identities (kind, value, customer_id, at) VALUES",
                4,
                "ON CONFLICT (kind, value) DO UPDATE SET customer_id = excluded.customer_id, \
                 at = excluded.at WHERE identities.at < excluded.at",
            )
        });
        for (sql, some) in ADD.of(&self.conn, keys) {
            either!(&mut self.conn, |c| {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for (key, customer, at) in some {
                    let (kind, value) = columns(key);
                    query = query
                        .bind(kind)
                        .bind(value)
                        .bind(customer.as_str())
                        .bind(at.millis());
                }
                query.execute(&mut **c).await.map(drop)
            })?;
        }
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
        let changed = self.see_customers(&[(customer, seen)]).await?;
        Ok(!changed.is_empty())
    }

    /// The same for many sightings, also several of one customer. Returns the customers of whom
    /// anything shown changed.
    pub async fn see_customers(
        &mut self,
        all: &[(&CustomerId, &Sighting)],
    ) -> Result<Vec<CustomerId>> {
        static NOW: Lazily = Lazily::new(|| {
            Many::new(
                "SELECT id, profile_name, profile_name_at, phone, phone_at, bsuid, bsuid_at, \
                 username, username_at FROM customers WHERE id IN (VALUES",
                1,
                ")",
            )
        });
        static WRITE: Lazily = Lazily::new(|| {
            Many::new(
                "UPDATE customers SET profile_name = v.column2, profile_name_at = v.column3, \
                 phone = v.column4, phone_at = v.column5, bsuid = v.column6, \
                 bsuid_at = v.column7, username = v.column8, username_at = v.column9 FROM (VALUES",
                9,
                ") AS v WHERE customers.id = v.column1",
            )
        });
        let mut by_customer: BTreeMap<&str, Vec<&Sighting>> = BTreeMap::new();
        for (customer, seen) in all {
            by_customer.entry(customer.as_str()).or_default().push(seen);
        }
        let ids: Vec<&str> = by_customer.keys().copied().collect();
        let mut learnt = Vec::new();
        let mut shown = Vec::new();
        for (sql, some) in NOW.of(&self.conn, &ids) {
            let rows: Vec<Known> = either!(&mut self.conn, |c| {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for id in some {
                    query = query.bind(*id);
                }
                query.fetch_all(&mut **c).await
            })?;
            for before in rows {
                let sightings = by_customer.remove(before.id.as_str()).unwrap_or_default();
                let now = sightings.into_iter().fold(before.clone(), Known::and);
                if now == before {
                    continue;
                }
                if !now.looks_like(&before) {
                    shown.push(CustomerId::new(now.id.clone()));
                }
                learnt.push(now);
            }
        }
        for (sql, some) in WRITE.of(&self.conn, &learnt) {
            either!(&mut self.conn, |c| {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for now in some {
                    query = query
                        .bind(&now.id)
                        .bind(&now.profile_name)
                        .bind(now.profile_name_at)
                        .bind(&now.phone)
                        .bind(now.phone_at)
                        .bind(&now.bsuid)
                        .bind(now.bsuid_at)
                        .bind(&now.username)
                        .bind(now.username_at);
                }
                query.execute(&mut **c).await.map(drop)
            })?;
        }
        Ok(shown)
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
