//! Agents, their join codes and tokens. Only hashes of secrets are stored.

use ajar_domain::{AgentId, Time};
use ajar_protocol::rows::{AgentRow, Role};

use super::{Conn, Result, Tx, either, from_word, word};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    rev: i64,
    name: String,
    role: String,
    revoked: i64,
}

impl Row {
    fn decode(self) -> Result<AgentRow> {
        Ok(AgentRow {
            role: from_word(&self.role, "agents", &self.id)?,
            id: AgentId::new(self.id),
            rev: self.rev,
            name: self.name,
            revoked: self.revoked != 0,
        })
    }
}

/// What became of a join code.
#[derive(Debug)]
pub enum Redeemed {
    Agent(AgentRow),
    /// Wrong, used, expired, or of a revoked agent: all the same to whoever tries.
    Wrong,
}

impl Conn {
    pub async fn agent(&mut self, id: &str) -> Result<Option<AgentRow>> {
        const ONE: &str = "SELECT id, rev, name, role, revoked FROM agents WHERE id = $1";
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(id)
            .fetch_optional(&mut **c)
            .await)?;
        row.map(Row::decode).transpose()
    }

    pub async fn agents(&mut self) -> Result<Vec<AgentRow>> {
        const ALL: &str = "SELECT id, rev, name, role, revoked FROM agents ORDER BY name, id";
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(ALL).fetch_all(&mut **c).await)?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// The agent a token belongs to, unless revoked.
    pub async fn agent_by_token(&mut self, token_hash: &str) -> Result<Option<AgentRow>> {
        const BY_TOKEN: &str = "SELECT a.id, a.rev, a.name, a.role, a.revoked FROM tokens t \
             JOIN agents a ON a.id = t.agent_id WHERE t.token_hash = $1 AND a.revoked = 0";
        let row: Option<Row> = either!(self, |c| sqlx::query_as(BY_TOKEN)
            .bind(token_hash)
            .fetch_optional(&mut **c)
            .await)?;
        row.map(Row::decode).transpose()
    }
}

impl Tx {
    pub async fn add_agent(
        &mut self,
        id: &AgentId,
        name: &str,
        role: Role,
        now: Time,
    ) -> Result<()> {
        const ADD: &str = "INSERT INTO agents (id, rev, name, role, revoked, created_at) \
             VALUES ($1, $2, $3, $4, 0, $5)";
        let rev = self.touch("agent", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(id.as_str())
            .bind(rev)
            .bind(name)
            .bind(word(role))
            .bind(now.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn add_join_code(
        &mut self,
        code_hash: &str,
        agent: &AgentId,
        expires_at: Time,
    ) -> Result<()> {
        const ADD: &str = "INSERT INTO join_codes (code_hash, agent_id, expires_at, used_at) \
             VALUES ($1, $2, $3, NULL)";
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(code_hash)
            .bind(agent.as_str())
            .bind(expires_at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Uses a code up. Works once.
    pub async fn redeem(
        &mut self,
        code_hash: &str,
        token_hash: &str,
        device: &str,
        now: Time,
    ) -> Result<Redeemed> {
        const USE: &str = "UPDATE join_codes SET used_at = $2 \
             WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING agent_id";
        const TOKEN: &str = "INSERT INTO tokens (token_hash, agent_id, device, created_at) \
             VALUES ($1, $2, $3, $4)";
        let used: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(USE)
            .bind(code_hash)
            .bind(now.millis())
            .fetch_optional(&mut **c)
            .await)?;
        let Some((agent_id,)) = used else {
            return Ok(Redeemed::Wrong);
        };
        let Some(agent) = self
            .conn
            .agent(&agent_id)
            .await?
            .filter(|agent| !agent.revoked)
        else {
            return Ok(Redeemed::Wrong);
        };
        either!(&mut self.conn, |c| sqlx::query(TOKEN)
            .bind(token_hash)
            .bind(&agent_id)
            .bind(device)
            .bind(now.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(Redeemed::Agent(agent))
    }

    /// Shuts an agent out: their tokens and codes are dead from the next request on.
    pub async fn revoke_agent(&mut self, id: &AgentId) -> Result<()> {
        const REVOKE: &str = "UPDATE agents SET revoked = 1, rev = $2 WHERE id = $1";
        const TOKENS: &str = "DELETE FROM tokens WHERE agent_id = $1";
        const CODES: &str = "DELETE FROM join_codes WHERE agent_id = $1";
        let rev = self.touch("agent", id.as_str());
        either!(&mut self.conn, |c| {
            sqlx::query(REVOKE)
                .bind(id.as_str())
                .bind(rev)
                .execute(&mut **c)
                .await?;
            sqlx::query(TOKENS)
                .bind(id.as_str())
                .execute(&mut **c)
                .await?;
            sqlx::query(CODES)
                .bind(id.as_str())
                .execute(&mut **c)
                .await?;
        });
        Ok(())
    }
}
