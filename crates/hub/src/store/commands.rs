//! Answers to commands by client reference: a repeated command gets its first answer.

use ajar_domain::{AgentId, ClientRef, Time};
use ajar_protocol::command::CommandAnswer;

use super::{Result, Tx, either, from_json, to_json};

impl Tx {
    pub async fn earlier_answer(
        &mut self,
        client_ref: &ClientRef,
    ) -> Result<Option<CommandAnswer>> {
        const EARLIER: &str = "SELECT answer FROM commands WHERE client_ref = $1";
        let row: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(EARLIER)
            .bind(client_ref.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        row.map(|(answer,)| from_json(&answer, "commands", client_ref.as_str()))
            .transpose()
    }

    pub async fn remember_answer(
        &mut self,
        client_ref: &ClientRef,
        agent: &AgentId,
        answer: &CommandAnswer,
        now: Time,
    ) -> Result<()> {
        const REMEMBER: &str = "INSERT INTO commands (client_ref, agent_id, answer, at) \
             VALUES ($1, $2, $3, $4)";
        let json = to_json(answer)?;
        either!(&mut self.conn, |c| sqlx::query(REMEMBER)
            .bind(client_ref.as_str())
            .bind(agent.as_str())
            .bind(&json)
            .bind(now.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }
}
