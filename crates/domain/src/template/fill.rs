//! Filling a template in: its fields, its preview, and the values as Meta checks them.

use std::collections::BTreeMap;

use super::{
    Button, ButtonValue, Field, FieldProblem, FileValue, FilledCard, FilledTemplate, Header,
    HeaderMedia, Input, MAX_BODY, MAX_CARD_BODY, MAX_CODE, MAX_HEADER, MAX_OTP, MAX_URL, Place,
    PlacePart, RenderedCard, RenderedOffer, RenderedTemplate, Template, Typed, substitute,
    variables,
};
use crate::{
    MediaId, Time,
    outgoing::{self, MAX_PLACE_WORDS},
};

/// By field key.
type Values = BTreeMap<String, String>;

/// The key of an authentication template's code.
const CODE: &str = "code";
/// The key of the name of the document on top.
const FILE_NAME: &str = "header.filename";

impl Template {
    /// What an agent must fill in, in the order of reading.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        if self.is_code() {
            fields.push(self.field(CODE.into(), Place::Code, CODE.into(), MAX_OTP, Input::Code));
            return fields;
        }
        self.header_fields(&mut fields);
        for variable in variables(&self.body) {
            fields.push(self.field(
                format!("body.{variable}"),
                Place::Body {
                    variable: variable.clone(),
                },
                variable,
                MAX_BODY,
                Input::Text,
            ));
        }
        if self.offer.as_ref().is_some_and(|offer| offer.expires) {
            fields.push(self.field(
                "offer.expires".into(),
                Place::OfferExpires,
                "expires".into(),
                16,
                Input::Moment,
            ));
        }
        for (index, button) in self.buttons.iter().enumerate() {
            let key = format!("button.{index}");
            match button {
                Button::Url { text, url } if !variables(url).is_empty() => fields.push(self.field(
                    key,
                    Place::UrlSuffix { button: index },
                    text.clone(),
                    room_in_url(url),
                    Input::Text,
                )),
                Button::CopyCode { text } => fields.push(self.field(
                    key,
                    Place::CopyCode { button: index },
                    text.clone(),
                    MAX_CODE,
                    Input::Code,
                )),
                _ => {}
            }
        }
        for card in 0..self.cards.len() {
            self.card_fields(card, &mut fields);
        }
        fields
    }

    fn header_fields(&self, fields: &mut Vec<Field>) {
        match &self.header {
            Some(Header::Text { text }) => {
                for variable in variables(text) {
                    fields.push(self.field(
                        format!("header.{variable}"),
                        Place::HeaderText {
                            variable: variable.clone(),
                        },
                        variable,
                        MAX_HEADER,
                        Input::Text,
                    ));
                }
            }
            Some(Header::Media {
                media: HeaderMedia::Location,
            }) => {
                for (part, name, input, max, optional) in [
                    (PlacePart::Latitude, "latitude", Input::Degrees, 24, false),
                    (PlacePart::Longitude, "longitude", Input::Degrees, 24, false),
                    (PlacePart::Name, "name", Input::Text, MAX_PLACE_WORDS, true),
                    (
                        PlacePart::Address,
                        "address",
                        Input::Text,
                        MAX_PLACE_WORDS,
                        true,
                    ),
                ] {
                    fields.push(Field {
                        optional,
                        ..self.field(
                            format!("header.{name}"),
                            Place::HeaderPlace { part },
                            name.into(),
                            max,
                            input,
                        )
                    });
                }
            }
            Some(Header::Media { media }) => {
                fields.push(self.field(
                    "header".into(),
                    Place::HeaderFile { media: *media },
                    "header".into(),
                    200,
                    Input::File { media: *media },
                ));
                if *media == HeaderMedia::Document {
                    fields.push(Field {
                        optional: true,
                        ..self.field(
                            FILE_NAME.into(),
                            Place::HeaderFileName,
                            "filename".into(),
                            240,
                            Input::Text,
                        )
                    });
                }
            }
            None => {}
        }
    }

    fn card_fields(&self, card: usize, fields: &mut Vec<Field>) {
        let of = &self.cards[card];
        if let Some(media) = of.header {
            fields.push(self.field(
                format!("card.{card}.header"),
                Place::CardFile { card, media },
                "header".into(),
                200,
                Input::File { media },
            ));
        }
        for variable in variables(&of.body) {
            fields.push(self.field(
                format!("card.{card}.body.{variable}"),
                Place::CardBody {
                    card,
                    variable: variable.clone(),
                },
                variable,
                MAX_CARD_BODY,
                Input::Text,
            ));
        }
        for (button, kind) in of.buttons.iter().enumerate() {
            if let Button::Url { text, url } = kind
                && !variables(url).is_empty()
            {
                fields.push(self.field(
                    format!("card.{card}.button.{button}"),
                    Place::CardUrlSuffix { card, button },
                    text.clone(),
                    room_in_url(url),
                    Input::Text,
                ));
            }
        }
    }

    fn field(
        &self,
        key: String,
        place: Place,
        label: String,
        max_chars: usize,
        input: Input,
    ) -> Field {
        Field {
            example: self.examples.get(&key).cloned(),
            key,
            place,
            label,
            max_chars,
            input,
            optional: false,
        }
    }

    /// The text as it would read with these values; missing ones stay visible.
    #[must_use]
    pub fn preview(&self, values: &Values) -> RenderedTemplate {
        let given = |key: String| values.get(&key).filter(|value| !value.is_empty()).cloned();
        let code = given(CODE.into()).filter(|_| self.is_code());
        let (header_text, header_media) = match &self.header {
            Some(Header::Text { text }) => (
                Some(substitute(text, |name| given(format!("header.{name}")))),
                None,
            ),
            Some(Header::Media { media }) => (None, Some(*media)),
            None => (None, None),
        };
        RenderedTemplate {
            name: self.name.clone(),
            language: self.language.clone(),
            category: self.category,
            header_text,
            header_media,
            body: substitute(&self.body, |name| {
                code.clone().or_else(|| given(format!("body.{name}")))
            }),
            footer: self.footer.clone(),
            buttons: rendered_buttons(&self.buttons, "", values),
            header_file: None,
            header_place: place(values).ok(),
            offer: self.offer.as_ref().map(|offer| RenderedOffer {
                text: offer.text.clone(),
                expires_at: moment(values, "offer.expires"),
            }),
            cards: self
                .cards
                .iter()
                .enumerate()
                .map(|(index, card)| RenderedCard {
                    header_media: card.header,
                    file: None,
                    body: substitute(&card.body, |name| {
                        given(format!("card.{index}.body.{name}"))
                    }),
                    buttons: rendered_buttons(&card.buttons, &format!("card.{index}."), values),
                })
                .collect(),
            template: Some(self.id.clone()),
            values: values.clone(),
            typed: BTreeMap::new(),
        }
    }

    /// Checks the values as Meta checks them. Whether a file is there is the hub's to know.
    ///
    /// # Errors
    /// Every [`FieldProblem`] found, in the order of the fields; never an empty list.
    pub fn fill(
        &self,
        values: &Values,
        typed: &BTreeMap<String, Typed>,
        now: Time,
    ) -> Result<FilledTemplate, Vec<FieldProblem>> {
        let fields = self.fields();
        let known = |key: &String| fields.iter().any(|field| field.key == *key);
        let mut problems: Vec<FieldProblem> = values
            .keys()
            .filter(|key| !known(key))
            .map(|key| FieldProblem::UnknownField { key: key.clone() })
            .collect();
        for field in &fields {
            let value = values.get(&field.key).map_or("", String::as_str);
            problems.extend(check(field, value, now));
        }
        for (key, typed) in typed {
            problems.extend(check_typed(key, typed, &fields));
        }
        let rendered = self.preview(values);
        problems.extend(too_long(&rendered));
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(self.filled(values, typed, fields, rendered))
    }

    fn filled(
        &self,
        values: &Values,
        typed: &BTreeMap<String, Typed>,
        fields: Vec<Field>,
        rendered: RenderedTemplate,
    ) -> FilledTemplate {
        let rendered = RenderedTemplate {
            typed: typed.clone(),
            ..rendered
        };
        let mut filled = FilledTemplate {
            name: self.name.clone(),
            language: self.language.clone(),
            named_parameters: self.named_parameters,
            header: Vec::new(),
            body: Vec::new(),
            buttons: flows(&self.buttons),
            header_file: None,
            header_place: None,
            offer_expires: None,
            cards: self
                .cards
                .iter()
                .map(|card| FilledCard {
                    buttons: flows(&card.buttons),
                    ..FilledCard::default()
                })
                .collect(),
            typed: BTreeMap::new(),
            rendered,
        };
        for field in fields {
            let value = values.get(&field.key).cloned().unwrap_or_default();
            let file = |media| FileValue {
                key: field.key.clone(),
                file: MediaId::new(value.clone()),
                media,
                name: values
                    .get(FILE_NAME)
                    .filter(|name| media == HeaderMedia::Document && !name.trim().is_empty())
                    .cloned(),
            };
            match field.place {
                Place::HeaderText { variable } => filled.header.push((variable, value)),
                Place::Body { variable } => {
                    if let Some(typed) = typed.get(&field.key) {
                        filled.typed.insert(variable.clone(), typed.clone());
                    }
                    filled.body.push((variable, value));
                }
                Place::UrlSuffix { button } => {
                    filled.buttons.push((button, ButtonValue::UrlSuffix(value)));
                }
                Place::CopyCode { button } => {
                    filled.buttons.push((button, ButtonValue::CopyCode(value)));
                }
                Place::HeaderFile { media } => filled.header_file = Some(file(media)),
                Place::HeaderFileName => {}
                Place::HeaderPlace { .. } => filled.header_place = place(values).ok(),
                Place::OfferExpires => filled.offer_expires = moment(values, &field.key),
                Place::Code => self.put_code(&mut filled, &value),
                Place::CardFile { card, media } => filled.cards[card].file = Some(file(media)),
                Place::CardBody { card, variable } => {
                    filled.cards[card].body.push((variable, value));
                }
                Place::CardUrlSuffix { card, button } => filled.cards[card]
                    .buttons
                    .push((button, ButtonValue::UrlSuffix(value))),
            }
        }
        // Positional values go out in the order of their numbers, whatever the text's order.
        if !self.named_parameters {
            let bodies = filled.cards.iter_mut().map(|card| &mut card.body);
            for list in bodies.chain([&mut filled.header, &mut filled.body]) {
                list.sort_by_key(|(variable, _)| variable.parse::<u32>().unwrap_or(u32::MAX));
            }
        }
        let buttons = filled.cards.iter_mut().map(|card| &mut card.buttons);
        for list in buttons.chain([&mut filled.buttons]) {
            list.sort_by_key(|(index, _)| *index);
        }
        filled
    }

    /// One code, in the text and in each button.
    fn put_code(&self, filled: &mut FilledTemplate, code: &str) {
        // The text is Meta's own, and not every listing shows where the code stands in it.
        let variable = variables(&self.body).into_iter().next();
        filled
            .body
            .push((variable.unwrap_or_else(|| "1".into()), code.to_owned()));
        for (index, button) in self.buttons.iter().enumerate() {
            if matches!(button, Button::Otp { .. }) {
                filled
                    .buttons
                    .push((index, ButtonValue::Otp(code.to_owned())));
            }
        }
    }
}

fn flows(buttons: &[Button]) -> Vec<(usize, ButtonValue)> {
    buttons
        .iter()
        .enumerate()
        .filter(|(_, button)| matches!(button, Button::Flow { .. }))
        .map(|(index, _)| (index, ButtonValue::Flow))
        .collect()
}

fn rendered_buttons(buttons: &[Button], prefix: &str, values: &Values) -> Vec<Button> {
    buttons
        .iter()
        .enumerate()
        .map(|(index, button)| match button {
            Button::Url { text, url } => Button::Url {
                text: text.clone(),
                url: substitute(url, |_| {
                    values
                        .get(&format!("{prefix}button.{index}"))
                        .filter(|value| !value.is_empty())
                        .cloned()
                }),
            },
            other => other.clone(),
        })
        .collect()
}

/// How long the end of an address may be so that the whole of it fits.
fn room_in_url(url: &str) -> usize {
    let fixed = substitute(url, |_| Some(String::new())).chars().count();
    MAX_URL.saturating_sub(fixed)
}

fn too_long(rendered: &RenderedTemplate) -> Vec<FieldProblem> {
    let mut texts = vec![
        (
            "header".to_owned(),
            rendered.header_text.as_deref(),
            MAX_HEADER,
        ),
        ("body".to_owned(), Some(rendered.body.as_str()), MAX_BODY),
    ];
    for (index, card) in rendered.cards.iter().enumerate() {
        texts.push((
            format!("card.{index}.body"),
            Some(card.body.as_str()),
            MAX_CARD_BODY,
        ));
    }
    texts
        .into_iter()
        .filter_map(|(place, text, max)| {
            let length = text.map_or(0, |text| text.chars().count());
            (length > max).then_some(FieldProblem::TextTooLong { place, length, max })
        })
        .collect()
}

/// The place that was filled in.
///
/// # Errors
/// The part that is no number on this planet.
fn place(values: &Values) -> Result<outgoing::Location, &'static str> {
    let degrees = |part: &'static str, most| {
        degrees(
            values
                .get(&format!("header.{part}"))
                .map_or("", String::as_str),
            most,
        )
        .ok_or(part)
    };
    let words = |part: &str| {
        values
            .get(&format!("header.{part}"))
            .map(|words| words.trim())
            .filter(|words| !words.is_empty())
            .map(str::to_owned)
    };
    Ok(outgoing::Location {
        latitude: degrees("latitude", 90.0)?,
        longitude: degrees("longitude", 180.0)?,
        name: words("name"),
        address: words("address"),
    })
}

fn degrees(text: &str, most: f64) -> Option<f64> {
    let degrees: f64 = text.trim().parse().ok()?;
    (degrees.is_finite() && degrees.abs() <= most).then_some(degrees)
}

fn moment(values: &Values, key: &str) -> Option<Time> {
    values
        .get(key)
        .and_then(|millis| millis.trim().parse().ok())
        .map(Time::from_millis)
}

fn check(field: &Field, value: &str, now: Time) -> Option<FieldProblem> {
    let key = field.key.clone();
    if value.trim().is_empty() {
        return (!field.optional).then_some(FieldProblem::Empty { key });
    }
    if value.contains(['\n', '\r', '\t']) {
        return Some(FieldProblem::LineBreak { key });
    }
    if value.contains("     ") {
        return Some(FieldProblem::ManySpaces { key });
    }
    if value.chars().count() > field.max_chars {
        let max = field.max_chars;
        return Some(FieldProblem::TooLong { key, max });
    }
    let has_space = value.contains(char::is_whitespace);
    match (&field.place, field.input) {
        (Place::UrlSuffix { .. } | Place::CardUrlSuffix { .. }, _) if has_space => {
            Some(FieldProblem::SpaceInAddress { key })
        }
        (_, Input::Code) if has_space => Some(FieldProblem::SpaceInCode { key }),
        (Place::HeaderPlace { part }, Input::Degrees) => {
            let most = if *part == PlacePart::Latitude {
                90.0
            } else {
                180.0
            };
            degrees(value, most)
                .is_none()
                .then_some(FieldProblem::NotDegrees { key })
        }
        (_, Input::Moment) => value
            .trim()
            .parse()
            .map(Time::from_millis)
            .map_or(true, |moment| moment <= now)
            .then_some(FieldProblem::NotInTheFuture { key }),
        _ => None,
    }
}

fn check_typed(key: &str, typed: &Typed, fields: &[Field]) -> Option<FieldProblem> {
    let key = key.to_owned();
    let in_body = fields
        .iter()
        .any(|field| field.key == key && matches!(field.place, Place::Body { .. }));
    if !in_body {
        return Some(FieldProblem::UnknownField { key });
    }
    match typed {
        Typed::Amount { currency, .. }
            if currency.len() != 3
                || !currency.bytes().all(|letter| letter.is_ascii_uppercase()) =>
        {
            Some(FieldProblem::NotAnAmount { key })
        }
        Typed::Amount { .. } | Typed::Date => None,
    }
}
