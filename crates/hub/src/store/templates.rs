//! Templates as Meta last listed them.

use ajar_domain::{
    InboxId, TemplateId,
    template::{Category, Template, TemplateStatus},
};
use ajar_protocol::rows::TemplateRow;

use super::{Conn, Result, Tx, either, from_json, to_json};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    rev: i64,
    inbox_id: String,
    body: String,
    gone: i64,
}

impl Row {
    fn decode(self) -> Result<TemplateRow> {
        Ok(TemplateRow {
            template: from_json(&self.body, "templates", &self.id)?,
            rev: self.rev,
            inbox: InboxId::new(self.inbox_id),
            gone: self.gone != 0,
        })
    }
}

impl Conn {
    pub async fn template(&mut self, id: &str) -> Result<Option<TemplateRow>> {
        const ONE: &str = "SELECT id, rev, inbox_id, body, gone FROM templates WHERE id = $1";
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(id)
            .fetch_optional(&mut **c)
            .await)?;
        row.map(Row::decode).transpose()
    }

    /// Meta's own id of a template, once it was listed.
    pub async fn template_at_meta(&mut self, id: &TemplateId) -> Result<Option<String>> {
        const ID: &str = "SELECT meta_id FROM templates WHERE id = $1 AND meta_id <> ''";
        let row: Option<(String,)> = either!(self, |c| sqlx::query_as(ID)
            .bind(id.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.map(|(id,)| id))
    }

    pub async fn templates(&mut self) -> Result<Vec<TemplateRow>> {
        const ALL: &str = "SELECT id, rev, inbox_id, body, gone FROM templates ORDER BY id";
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(ALL).fetch_all(&mut **c).await)?;
        rows.into_iter().map(Row::decode).collect()
    }
}

impl Tx {
    /// What an event said about a template, until Meta's listing is read again.
    pub async fn note_template(
        &mut self,
        inbox: &InboxId,
        name: &str,
        language: &str,
        status: Option<TemplateStatus>,
        category: Option<Category>,
    ) -> Result<()> {
        const WRITE: &str = "UPDATE templates SET rev = $2, body = $3 WHERE id = $1";
        let found = self.conn.templates().await?.into_iter().find(|row| {
            row.inbox == *inbox && row.template.name == name && row.template.language == language
        });
        let Some(row) = found else { return Ok(()) };
        let mut template = row.template.clone();
        template.status = status.unwrap_or(template.status);
        template.category = category.unwrap_or(template.category);
        if template == row.template {
            return Ok(());
        }
        let rev = self.touch("template", template.id.as_str());
        let json = to_json(&template)?;
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(template.id.as_str())
            .bind(rev)
            .bind(&json)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Takes over a full listing: new and changed ones are written, missing ones marked gone.
    pub async fn replace_templates(
        &mut self,
        inbox: &InboxId,
        listed: Vec<Template>,
        mut next_id: impl FnMut() -> String,
    ) -> Result<()> {
        const UPSERT: &str = "INSERT INTO templates (id, rev, inbox_id, name, language, body, gone) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, body = excluded.body, gone = excluded.gone";
        const AT_META: &str = "UPDATE templates SET meta_id = $2 WHERE id = $1 AND meta_id <> $2";
        let known: Vec<TemplateRow> = self
            .conn
            .templates()
            .await?
            .into_iter()
            .filter(|row| row.inbox == *inbox)
            .collect();
        let mut writes: Vec<(Template, bool)> = known
            .iter()
            .filter(|row| {
                !row.gone
                    && !listed.iter().any(|template| {
                        row.template.name == template.name
                            && row.template.language == template.language
                    })
            })
            .map(|row| (row.template.clone(), true))
            .collect();
        let mut at_meta: Vec<(TemplateId, TemplateId)> = Vec::with_capacity(listed.len());
        for mut template in listed {
            let before = known.iter().find(|row| {
                row.template.name == template.name && row.template.language == template.language
            });
            let ours =
                before.map_or_else(|| TemplateId::new(next_id()), |row| row.template.id.clone());
            at_meta.push((ours.clone(), std::mem::replace(&mut template.id, ours)));
            if !before.is_some_and(|row| row.template == template && !row.gone) {
                writes.push((template, false));
            }
        }
        for (template, gone) in writes {
            let rev = self.touch("template", template.id.as_str());
            let json = to_json(&template)?;
            either!(&mut self.conn, |c| sqlx::query(UPSERT)
                .bind(template.id.as_str())
                .bind(rev)
                .bind(inbox.as_str())
                .bind(&template.name)
                .bind(&template.language)
                .bind(&json)
                .bind(i64::from(gone))
                .execute(&mut **c)
                .await
                .map(drop))?;
        }
        for (ours, metas) in at_meta {
            either!(&mut self.conn, |c| sqlx::query(AT_META)
                .bind(ours.as_str())
                .bind(metas.as_str())
                .execute(&mut **c)
                .await
                .map(drop))?;
        }
        Ok(())
    }
}
