//! Whether two chats are one person's: what people decide.

use ajar_domain::MergeId;
use ajar_protocol::error::ErrorCode;

use super::{Act, Result, refused};
use crate::store::merges::{Merge, MergeState};

impl Act<'_> {
    async fn merge(&mut self, id: &MergeId, wanted: MergeState) -> Result<Merge> {
        let merge = self
            .tx
            .conn
            .merge(id)
            .await?
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such pair"))?;
        if merge.state == wanted {
            Ok(merge)
        } else {
            Err(refused(
                ErrorCode::Conflict,
                "somebody else decided about this pair meanwhile",
            ))
        }
    }

    /// Two chats that may be one person's are.
    pub(super) async fn join_chats(&mut self, id: &MergeId) -> Result<()> {
        let merge = self.merge(id, MergeState::Proposed).await?;
        let (stale, _) = self
            .tx
            .join_customers(id, &merge.kept, &merge.gone, Some(&self.agent.id), self.now)
            .await?;
        for conversation in &stale {
            self.tx.refresh_head(conversation).await?;
        }
        self.answer.conversation = stale.into_iter().next();
        Ok(())
    }

    /// They are not; never proposed again.
    pub(super) async fn keep_apart(&mut self, id: &MergeId) -> Result<()> {
        let merge = self.merge(id, MergeState::Proposed).await?;
        self.tx
            .settle_merge(id, MergeState::Apart, Some(&self.agent.id), self.now)
            .await?;
        self.tx.stamp_customer(&merge.kept).await?;
        Ok(self.tx.stamp_customer(&merge.gone).await?)
    }

    /// Takes a joined chat out again.
    pub(super) async fn split_chats(&mut self, id: &MergeId) -> Result<()> {
        self.merge(id, MergeState::Joined).await?;
        let stale = self
            .tx
            .split_customers(id, &self.agent.id, self.now)
            .await?;
        for conversation in &stale {
            self.tx.refresh_head(conversation).await?;
        }
        self.answer.conversation = stale.into_iter().last();
        Ok(())
    }
}
