//! Messages that are written for the first time, many at once.

use ajar_domain::{
    ClientRef, ConversationId, MessageId, Time, WaMessageId,
    content::{Author, Content, Provenance},
    context::Context,
    delivery::{Delivery, Report},
    opening::Occurrence,
};
use ajar_protocol::rows::Position;

use super::{
    Result, Tx,
    dialect::{self, Words},
    either,
    many::{Lazily, Many},
    messages::{author_columns, context_column, is_answer, settled},
    to_json, word,
};

/// A message to write for the first time.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub position: Position,
    pub wamid: Option<WaMessageId>,
    pub client_ref: Option<ClientRef>,
    pub author: Author,
    pub content: Content,
    pub provenance: Provenance,
    pub at: Time,
    pub received_at: Time,
    pub quotes: Option<WaMessageId>,
    pub context: Context,
    /// `None` for customer messages.
    pub base: Option<Delivery>,
    pub answers: bool,
    pub send_before: Option<Time>,
    pub occurrence: Occurrence,
    /// Nothing was kept about it before: no report, no reaction, no edit waits for it.
    pub fresh: bool,
    /// How far it had got when it was told, where that came with it.
    pub report: Option<Report>,
}

/// The columns of one new message.
struct Columns<'a> {
    new: &'a NewMessage,
    rev: i64,
    author: (&'static str, Option<&'a str>),
    content: String,
    base: Option<String>,
    delivery: Option<String>,
    answers: bool,
    context: Option<String>,
}

impl<'a> Columns<'a> {
    fn of(new: &'a NewMessage, rev: i64) -> Result<Self> {
        let base = new.base.as_ref().map(to_json).transpose()?;
        let (delivery, answers) = match (&new.base, &new.report) {
            (Some(base), Some(report)) => {
                let now = settled(base.clone(), std::slice::from_ref(report));
                let answers = new.answers && is_answer(&now);
                (Some(to_json(&now)?), answers)
            }
            _ => (base.clone(), new.answers),
        };
        Ok(Self {
            new,
            rev,
            author: author_columns(&new.author),
            content: to_json(&new.content)?,
            base,
            delivery,
            answers,
            context: context_column(&new.context)?,
        })
    }
}

impl Tx {
    pub async fn add_message(&mut self, new: &NewMessage) -> Result<()> {
        self.add_messages(std::slice::from_ref(new)).await
    }

    /// Writes messages, what was told with them, and their words for the search. No two of them
    /// are the same message.
    pub async fn add_messages(&mut self, all: &[NewMessage]) -> Result<()> {
        static ADD: Lazily = Lazily::new(|| {
            Many::new(
                "INSERT INTO messages (id, rev, conversation_id, position, wamid, client_ref, \
                 author_kind, author_agent, content, provenance, at, received_at, quotes, \
                 base_delivery, delivery, answers, send_before, occurrence, context) VALUES",
                19,
                "",
            )
        });
        let rows = all
            .iter()
            .map(|new| Columns::of(new, self.touch("message", new.id.as_str())))
            .collect::<Result<Vec<_>>>()?;
        for (sql, some) in ADD.of(&self.conn, &rows) {
            either!(&mut self.conn, |c| {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for row in some {
                    let new = row.new;
                    query = query
                        .bind(new.id.as_str())
                        .bind(row.rev)
                        .bind(new.conversation.as_str())
                        .bind(&new.position.0)
                        .bind(new.wamid.as_ref().map(WaMessageId::as_str))
                        .bind(new.client_ref.as_ref().map(ClientRef::as_str))
                        .bind(row.author.0)
                        .bind(row.author.1)
                        .bind(&row.content)
                        .bind(word(new.provenance))
                        .bind(new.at.millis())
                        .bind(new.received_at.millis())
                        .bind(new.quotes.as_ref().map(WaMessageId::as_str))
                        .bind(&row.base)
                        .bind(&row.delivery)
                        .bind(i64::from(row.answers))
                        .bind(new.send_before.map(Time::millis))
                        .bind(word(new.occurrence))
                        .bind(&row.context);
                }
                query.execute(&mut **c).await.map(drop)
            })?;
        }
        self.index_all_words(&rows).await?;
        self.add_first_reports(all).await?;
        for new in all.iter().filter(|new| !new.fresh) {
            if let Some(wamid) = &new.wamid {
                // Reports, reactions, edits and deletions may have come first.
                self.settle_delivery(&new.id, wamid).await?;
                self.settle_words(&new.id, wamid).await?;
            }
        }
        Ok(())
    }

    async fn index_all_words(&mut self, rows: &[Columns<'_>]) -> Result<()> {
        let words: Vec<Words<'_>> = rows
            .iter()
            .map(|row| Words {
                message: row.new.id.as_str(),
                words: row.new.content.searchable(),
                no: row.rev,
            })
            .filter(|one| !one.words.trim().is_empty())
            .collect();
        dialect::index_words(&mut self.conn, &words).await
    }

    /// Reports that came with their message; of messages of which nothing was known.
    async fn add_first_reports(&mut self, all: &[NewMessage]) -> Result<()> {
        static ADD: Lazily = Lazily::new(|| {
            Many::new(
                "INSERT INTO reports (wamid, receipt, at, failure) VALUES",
                4,
                "ON CONFLICT (wamid, receipt) DO NOTHING",
            )
        });
        let reports = all
            .iter()
            .filter_map(|new| Some((new.wamid.as_ref()?, new.report.as_ref()?)))
            .map(|(wamid, report)| {
                let failure = report.failure.as_ref().map(to_json).transpose()?;
                Ok((wamid, report, failure))
            })
            .collect::<Result<Vec<_>>>()?;
        for (sql, some) in ADD.of(&self.conn, &reports) {
            either!(&mut self.conn, |c| {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for (wamid, report, failure) in some {
                    query = query
                        .bind(wamid.as_str())
                        .bind(word(report.receipt))
                        .bind(report.at.millis())
                        .bind(failure);
                }
                query.execute(&mut **c).await.map(drop)
            })?;
        }
        Ok(())
    }
}
