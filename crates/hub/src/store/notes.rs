//! Notes: what only the team sees.

use ajar_domain::{AgentId, ClientRef, ConversationId, NoteId, Time};
use ajar_protocol::rows::{NoteRow, Position};

use super::{Conn, Result, Tx, either};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    rev: i64,
    conversation_id: String,
    position: String,
    client_ref: Option<String>,
    author: String,
    body: String,
    at: i64,
}

impl Row {
    fn decode(self) -> NoteRow {
        NoteRow {
            id: NoteId::new(self.id),
            rev: self.rev,
            conversation: ConversationId::new(self.conversation_id),
            position: Position(self.position),
            client_ref: self.client_ref.map(ClientRef::new),
            author: AgentId::new(self.author),
            body: self.body,
            at: Time::from_millis(self.at),
        }
    }
}

impl Conn {
    pub async fn note(&mut self, id: &str) -> Result<Option<NoteRow>> {
        const ONE: &str = "SELECT id, rev, conversation_id, position, client_ref, author, body, at \
             FROM notes WHERE id = $1";
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(id)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.map(Row::decode))
    }

    /// Notes of a conversation with `from <= position < to`, oldest first.
    pub async fn notes_between(
        &mut self,
        conversation: &ConversationId,
        from: &str,
        to: &str,
    ) -> Result<Vec<NoteRow>> {
        const BETWEEN: &str = "SELECT id, rev, conversation_id, position, client_ref, author, body, at \
             FROM notes WHERE conversation_id = $1 AND position >= $2 AND position < $3 ORDER BY position";
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(BETWEEN)
            .bind(conversation.as_str())
            .bind(from)
            .bind(to)
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows.into_iter().map(Row::decode).collect())
    }
}

impl Tx {
    /// Numbers a change whose columns were written elsewhere (taking a chat out again).
    pub(crate) async fn stamp_note(&mut self, id: &str) -> Result<()> {
        const STAMP: &str = "UPDATE notes SET rev = $2 WHERE id = $1";
        let rev = self.touch("note", id);
        either!(&mut self.conn, |c| sqlx::query(STAMP)
            .bind(id)
            .bind(rev)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn add_note(
        &mut self,
        id: &NoteId,
        conversation: &ConversationId,
        client_ref: &ClientRef,
        author: &AgentId,
        body: &str,
        now: Time,
    ) -> Result<()> {
        const ADD: &str = "INSERT INTO notes \
             (id, rev, conversation_id, position, client_ref, author, body, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let rev = self.touch("note", id.as_str());
        let position = Position::of(now, &format!("~{id}"));
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(id.as_str())
            .bind(rev)
            .bind(conversation.as_str())
            .bind(&position.0)
            .bind(client_ref.as_str())
            .bind(author.as_str())
            .bind(body)
            .bind(now.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }
}
