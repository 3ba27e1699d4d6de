//! The template picker: search, what is filled in already, and the preview.

use std::collections::BTreeMap;

use ajar_domain::{
    InboxId, TemplateId, Time,
    template::{Category, Field, Header, MAX_BODY, Place, Template, Typed, draft::TemplateDraft},
};
use ajar_protocol::{
    rows::{ConversationRow, TemplateRow},
    ui::{Prefill, PrefillFrom, TemplateChoice, TemplateList, TemplatePreview},
};

use crate::{inbox::fold, store::TemplateUse};

/// What is known for filling fields in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known<'a> {
    pub conversation: Option<&'a ConversationRow>,
    pub my_name: &'a str,
    pub refreshed_at: Option<Time>,
}

/// Values that may stand in the same template next time. A code is for one person and once.
pub(crate) fn worth_keeping(values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    values
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "code" | "offer.expires"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The templates of an inbox that match, as the picker shows them.
pub(crate) fn list(
    rows: Vec<TemplateRow>,
    inbox: &InboxId,
    search: &str,
    uses: &BTreeMap<TemplateId, TemplateUse>,
    known: Known<'_>,
) -> TemplateList {
    let words: Vec<String> = fold(search).split_whitespace().map(str::to_owned).collect();
    let mut templates: Vec<TemplateChoice> = rows
        .into_iter()
        .filter(|row| row.inbox == *inbox && !row.gone)
        .map(|row| row.template)
        .filter(|template| {
            let text = searched_text(template);
            words.iter().all(|word| text.contains(word))
        })
        .map(|template| {
            let used = uses.get(&template.id);
            let fields = template.fields();
            let prefill = fields
                .iter()
                .filter_map(|field| {
                    Some((field.key.clone(), prefill(&template, field, used, known)?))
                })
                .collect();
            TemplateChoice {
                not_sendable: template.not_sendable_to(
                    known
                        .conversation
                        .and_then(|row| row.customer.no_marketing_since),
                    // Whoever is not known yet is written to by number.
                    known
                        .conversation
                        .is_none_or(|row| row.customer.number.is_some()),
                ),
                can_be_edited: TemplateDraft::can_be_written(&template),
                last_used_at: used.map(|used| used.used_at),
                fields,
                prefill,
                template,
            }
        })
        .collect();
    templates.sort_by(|a, b| {
        let order = |choice: &TemplateChoice| {
            (
                choice.not_sendable.is_some(),
                std::cmp::Reverse(choice.last_used_at),
            )
        };
        order(a).cmp(&order(b)).then_with(|| {
            (&a.template.name, &a.template.language).cmp(&(&b.template.name, &b.template.language))
        })
    });
    let sendable = templates
        .iter()
        .filter(|choice| choice.not_sendable.is_none())
        .count();
    TemplateList {
        templates,
        sendable: u32::try_from(sendable).unwrap_or(u32::MAX),
        refreshed_at: known.refreshed_at,
    }
}

fn searched_text(template: &Template) -> String {
    let header = match &template.header {
        Some(Header::Text { text }) => text.as_str(),
        _ => "",
    };
    let category = match template.category {
        Category::Utility => "utility",
        Category::Marketing => "marketing",
        Category::Authentication => "authentication",
        Category::Other => "",
    };
    // Names are written with underscores and looked for with spaces.
    fold(&format!(
        "{} {} {header} {} {} {category} {}",
        template.name,
        template.name.replace('_', " "),
        template.body,
        template.footer.as_deref().unwrap_or_default(),
        template.language,
    ))
}

fn has_letters(name: &str) -> bool {
    name.chars().any(char::is_alphabetic)
}

/// A value for a field, where one is known, and where from.
fn prefill(
    template: &Template,
    field: &Field,
    used: Option<&TemplateUse>,
    known: Known<'_>,
) -> Option<Prefill> {
    let meaning = meaning(template, field);
    let contact = known
        .conversation
        .map(|row| &row.customer)
        // Nobody is greeted by the name of an account, or by a picture of the sun.
        .filter(|customer| customer.named && customer.username.as_ref() != Some(&customer.name))
        .filter(|customer| has_letters(&customer.name));
    let from_people = match meaning {
        Some(Meaning::CustomerFirstName) => contact
            .and_then(|customer| {
                customer
                    .name
                    .split_whitespace()
                    .find(|word| has_letters(word))
            })
            .map(|name| (name.to_owned(), PrefillFrom::Contact)),
        Some(Meaning::CustomerName) => {
            contact.map(|customer| (customer.name.clone(), PrefillFrom::Contact))
        }
        Some(Meaning::AgentName) => {
            (!known.my_name.is_empty()).then(|| (known.my_name.to_owned(), PrefillFrom::Agent))
        }
        None => None,
    };
    // A name of the last customer must not stand in a message to the next one.
    let last_time = || {
        let value = used?.values.get(&field.key)?;
        let is_name = matches!(
            meaning,
            Some(Meaning::CustomerFirstName | Meaning::CustomerName)
        );
        (!is_name && !value.is_empty()).then(|| (value.clone(), PrefillFrom::LastTime))
    };
    let (value, from) = from_people.or_else(last_time)?;
    Some(Prefill { value, from })
}

#[expect(
    clippy::enum_variant_names,
    reason = "each is a name; whose it is, is the point"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    CustomerFirstName,
    CustomerName,
    AgentName,
}

const GREETINGS: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "dear",
    "hallo",
    "liebe",
    "lieber",
    "guten",
    "hola",
    "ola",
    "oi",
    "bonjour",
    "salut",
    "ciao",
    "buongiorno",
    "merhaba",
    "moin",
    "hej",
    "czesc",
    "good morning",
    "good afternoon",
    "good evening",
    "guten tag",
    "buenos dias",
    "thank you",
    "thanks",
    "danke",
    "gracias",
    "merci",
    "obrigado",
    "welcome",
];

const INTRODUCTIONS: &[&str] = &[
    "this is",
    "i am",
    "i'm",
    "my name is",
    "your contact is",
    "hier ist",
    "ich bin",
    "soy",
    "aqui",
    "je suis",
    "sono",
    "sou",
];

/// What a field asks for, by the name of its variable or by the words before it.
fn meaning(template: &Template, field: &Field) -> Option<Meaning> {
    let (text, variable) = match &field.place {
        Place::HeaderText { variable } => match &template.header {
            Some(Header::Text { text }) => (text.as_str(), variable),
            _ => return None,
        },
        Place::Body { variable } => (template.body.as_str(), variable),
        _ => return None,
    };
    if variable.parse::<u32>().is_err() {
        return meaning_of_name(&fold(variable));
    }
    let before = words_before(text, variable)?;
    let ends_with = |phrases: &[&str]| {
        phrases.iter().any(|phrase| {
            before
                .strip_suffix(phrase)
                .is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
        })
    };
    if ends_with(INTRODUCTIONS) {
        Some(Meaning::AgentName)
    } else if ends_with(GREETINGS) {
        Some(Meaning::CustomerFirstName)
    } else {
        None
    }
}

fn meaning_of_name(name: &str) -> Option<Meaning> {
    let has = |word: &str| name.contains(word);
    if has("agent") || has("advisor") || has("my_name") || has("staff") || has("sender") {
        Some(Meaning::AgentName)
    } else if has("first") || has("vorname") || matches!(name, "nombre" | "prenom") {
        Some(Meaning::CustomerFirstName)
    } else if name == "name"
        || name == "full_name"
        || (has("name") && (has("customer") || has("contact") || has("client") || has("guest")))
        || name == "customer"
    {
        Some(Meaning::CustomerName)
    } else {
        None
    }
}

/// The text before a variable, folded, without what stands directly before it.
fn words_before(text: &str, variable: &str) -> Option<String> {
    let mut rest = text;
    let mut before = String::new();
    while let Some((words, after)) = rest.split_once("{{") {
        let (name, tail) = after.split_once("}}")?;
        before.push_str(words);
        if name.trim() == variable {
            let folded = fold(&before);
            return Some(
                folded
                    .trim_end_matches(|c: char| c.is_whitespace() || c == ',' || c == '*')
                    .to_owned(),
            );
        }
        rest = tail;
    }
    None
}

/// A template with these values as the customer would see it.
pub(crate) fn preview(
    template: &Template,
    values: &BTreeMap<String, String>,
    typed: &BTreeMap<String, Typed>,
    now: Time,
) -> TemplatePreview {
    let rendered = template.preview(values);
    TemplatePreview {
        body_chars: u32::try_from(rendered.body.chars().count()).unwrap_or(u32::MAX),
        body_max: u32::try_from(MAX_BODY).unwrap_or(u32::MAX),
        problems: template.fill(values, typed, now).err().unwrap_or_default(),
        rendered,
    }
}

#[cfg(test)]
mod tests;
