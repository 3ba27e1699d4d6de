//! Reading the screenplay: who says what to whom, and how long ago.
//!
//! The screenplay (`screenplay.txt`) is text so that it can be read and changed by people who do
//! not read Rust. This file knows its stage directions; it does not know how they are performed.
//!
//! ```text
//! == Maren Oduya, +1 555 014 2207          a scene: one customer
//!    assigned Sami                         also: labels, about, phone off, not on WhatsApp
//! -22h29m   Maren   [photo 3] After the …  how long ago, who, [direction] and words
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};

/// The four who answer at the workshop. Sami is the one who sits before the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agent {
    Sami,
    Ana,
    Jonah,
    Mei,
}

impl Agent {
    pub const ALL: [Agent; 4] = [Agent::Sami, Agent::Ana, Agent::Jonah, Agent::Mei];

    pub const fn name(self) -> &'static str {
        match self {
            Agent::Sami => "Sami",
            Agent::Ana => "Ana",
            Agent::Jonah => "Jonah",
            Agent::Mei => "Mei",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agent| agent.name() == name)
    }
}

/// One customer and everything that happened with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    pub name: String,
    pub number: String,
    pub assigned: Option<Agent>,
    pub labels: Vec<String>,
    pub about: String,
    /// What we send is never delivered: their phone lies in a drawer.
    pub phone_off: bool,
    /// The number turns out to have no WhatsApp: what we send fails.
    pub not_on_whatsapp: bool,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How long before the present moment.
    pub ago: Duration,
    pub act: Act,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Customer(CustomerAct),
    Phone(PhoneAct, Option<Agent>),
    Agent(Agent, AgentAct),
}

#[derive(Clone, Debug, PartialEq)]
pub enum CustomerAct {
    Says(String),
    /// Answers our last message, quoting it.
    Quotes(String),
    Photo {
        seed: u64,
        caption: Option<String>,
    },
    Voice {
        seconds: u32,
    },
    Sticker {
        seed: u64,
    },
    Document {
        filename: String,
    },
    Location {
        place: String,
    },
    Contact {
        name: String,
        number: String,
    },
    /// To our last message.
    Reacts(String),
    /// A button of our last template.
    Taps(String),
    Calls {
        talk: Duration,
    },
    CallsInVain,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PhoneAct {
    Types(String),
    Photo {
        seed: u64,
        caption: Option<String>,
    },
    /// Somebody scanned the code of the waiting phone start and tapped send.
    SendsTheStart,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AgentAct {
    Says(String),
    Notes(String),
    Template {
        name: String,
        values: BTreeMap<String, String>,
    },
    Holds(String),
    StartsOnPhone(String),
    /// Meta refuses this one although our books say that the window is open.
    IsRefused(String),
    Resolves,
    Snoozes(Duration),
    /// Typed and not sent. Only Sami's are seen: a draft belongs to one desktop.
    Drafts(String),
}

/// The screenplay of the demo team.
pub fn screenplay() -> Result<Vec<Scene>> {
    parse(include_str!("screenplay.txt"))
}

pub fn parse(text: &str) -> Result<Vec<Scene>> {
    let mut scenes: Vec<Scene> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        parse_line(&mut scenes, line).with_context(|| format!("line {}: {line}", index + 1))?;
    }
    Ok(scenes)
}

fn parse_line(scenes: &mut Vec<Scene>, line: &str) -> Result<()> {
    if let Some(head) = line.strip_prefix("== ") {
        let (name, number) = head.split_once(", ").context("name and number")?;
        scenes.push(Scene {
            name: name.to_owned(),
            number: number.to_owned(),
            assigned: None,
            labels: Vec::new(),
            about: String::new(),
            phone_off: false,
            not_on_whatsapp: false,
            lines: Vec::new(),
        });
        return Ok(());
    }
    let scene = scenes.last_mut().context("a line before the first scene")?;
    match line.strip_prefix('-') {
        Some(spoken) => {
            let line = spoken_line(scene, spoken)?;
            ensure!(
                scene
                    .lines
                    .last()
                    .is_none_or(|before| before.ago >= line.ago),
                "later than the line after it"
            );
            scene.lines.push(line);
        }
        None => set_property(scene, line.trim())?,
    }
    Ok(())
}

fn set_property(scene: &mut Scene, line: &str) -> Result<()> {
    let (key, value) = word(line);
    match key {
        "assigned" => scene.assigned = Some(Agent::named(value).context("an agent's name")?),
        "labels" => scene.labels = value.split(',').map(|s| s.trim().to_owned()).collect(),
        "about" => value.clone_into(&mut scene.about),
        "phone" if value == "off" => scene.phone_off = true,
        "not" if value == "on WhatsApp" => scene.not_on_whatsapp = true,
        _ => bail!("no such property"),
    }
    Ok(())
}

fn spoken_line(scene: &Scene, line: &str) -> Result<Line> {
    let (ago, rest) = word(line);
    let ago = duration(ago)?;
    let (speaker, mut rest) = word(rest);
    let mut claimed_by = None;
    if let Some((agent, after)) = rest.strip_prefix('(').and_then(|s| s.split_once(')')) {
        claimed_by = Some(Agent::named(agent).context("an agent's name in parentheses")?);
        rest = after.trim_start();
    }
    let (direction, words) = match rest.strip_prefix('[').and_then(|s| s.split_once(']')) {
        Some((direction, words)) => (Some(direction), words.trim()),
        None => (None, rest),
    };
    let first_name = word(&scene.name).0;
    let act = match (speaker, direction) {
        ("Phone", _) => Act::Phone(phone_act(direction, words)?, claimed_by),
        _ if speaker == first_name => Act::Customer(customer_act(direction, words)?),
        _ => {
            let agent = Agent::named(speaker).context("nobody of this name is in the scene")?;
            Act::Agent(agent, agent_act(direction, words)?)
        }
    };
    Ok(Line { ago, act })
}

fn customer_act(direction: Option<&str>, words: &str) -> Result<CustomerAct> {
    let Some(direction) = direction else {
        return Ok(CustomerAct::Says(words.to_owned()));
    };
    let (verb, object) = word(direction);
    Ok(match verb {
        "quotes" => CustomerAct::Quotes(words.to_owned()),
        "photo" => CustomerAct::Photo {
            seed: object.parse()?,
            caption: some_words(words),
        },
        "voice" => CustomerAct::Voice {
            seconds: u32::try_from(duration(object)?.as_secs())?,
        },
        "sticker" => CustomerAct::Sticker {
            seed: object.parse()?,
        },
        "document" => CustomerAct::Document {
            filename: object.to_owned(),
        },
        "location" => CustomerAct::Location {
            place: object.to_owned(),
        },
        "contact" => {
            let (name, number) = object.split_once(", ").context("name and number")?;
            CustomerAct::Contact {
                name: name.to_owned(),
                number: number.to_owned(),
            }
        }
        "reacts" => CustomerAct::Reacts(object.to_owned()),
        "taps" => CustomerAct::Taps(object.to_owned()),
        "calls" if object == "in vain" => CustomerAct::CallsInVain,
        "calls" => CustomerAct::Calls {
            talk: duration(object)?,
        },
        _ => bail!("a customer does not know how to [{direction}]"),
    })
}

fn phone_act(direction: Option<&str>, words: &str) -> Result<PhoneAct> {
    let Some(direction) = direction else {
        return Ok(PhoneAct::Types(words.to_owned()));
    };
    Ok(match word(direction) {
        ("photo", seed) => PhoneAct::Photo {
            seed: seed.parse()?,
            caption: some_words(words),
        },
        ("sends", "the start") => PhoneAct::SendsTheStart,
        _ => bail!("the phone does not know how to [{direction}]"),
    })
}

fn agent_act(direction: Option<&str>, words: &str) -> Result<AgentAct> {
    let Some(direction) = direction else {
        return Ok(AgentAct::Says(words.to_owned()));
    };
    Ok(match word(direction) {
        ("note", "") => AgentAct::Notes(words.to_owned()),
        ("template", name) => AgentAct::Template {
            name: name.to_owned(),
            values: values(words)?,
        },
        ("hold", "") => AgentAct::Holds(words.to_owned()),
        ("phone", "start") => AgentAct::StartsOnPhone(words.to_owned()),
        ("disputed", "") => AgentAct::IsRefused(words.to_owned()),
        ("resolves", "") => AgentAct::Resolves,
        ("snoozes", time) => AgentAct::Snoozes(duration(time)?),
        ("draft", "") => AgentAct::Drafts(words.to_owned()),
        _ => bail!("an agent does not know how to [{direction}]"),
    })
}

/// `name=Maren; button.1=2207`: a key without a place belongs to the body.
fn values(words: &str) -> Result<BTreeMap<String, String>> {
    words
        .split(';')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').context("key=value")?;
            let key = match key.contains('.') {
                true => key.to_owned(),
                false => format!("body.{key}"),
            };
            Ok((key, value.to_owned()))
        })
        .collect()
}

/// `1d0h20m`, `38s`.
fn duration(text: &str) -> Result<Duration> {
    let mut seconds = 0;
    let mut digits = String::new();
    ensure!(!text.is_empty(), "a time is missing");
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => bail!("{text} is no time"),
        };
        seconds += unit * digits.parse::<u64>()?;
        digits.clear();
    }
    ensure!(digits.is_empty(), "{text} is no time");
    Ok(Duration::from_secs(seconds))
}

/// The first word, and the rest without the space between.
fn word(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((first, rest)) => (first, rest.trim_start()),
        None => (text, ""),
    }
}

fn some_words(words: &str) -> Option<String> {
    (!words.is_empty()).then(|| words.to_owned())
}

/// Everything of all scenes in the order of time, each line with the number of its scene.
pub fn in_order(scenes: &[Scene]) -> Result<Vec<(usize, &Line)>> {
    let mut lines: Vec<(usize, &Line)> = scenes
        .iter()
        .enumerate()
        .flat_map(|(scene, it)| it.lines.iter().map(move |line| (scene, line)))
        .collect();
    // Stable, so that lines of one scene at one moment keep their order.
    lines.sort_by_key(|(_, line)| std::cmp::Reverse(line.ago));
    ensure!(!lines.is_empty(), anyhow!("the screenplay is empty"));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screenplay_can_be_performed_from_beginning_to_end() {
        let scenes = screenplay().expect("the screenplay");
        assert!(scenes.len() >= 45, "{} scenes", scenes.len());
        let lines = in_order(&scenes).expect("lines");
        assert!(lines.is_sorted_by(|(_, a), (_, b)| a.ago >= b.ago));
        let mut numbers: Vec<_> = scenes.iter().map(|scene| &scene.number).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), scenes.len(), "two customers share a number");
    }

    #[test]
    fn a_scene_is_read_with_its_directions() {
        let scenes = parse(
            "== Maren Oduya, +1 555 014 2207\n   assigned Sami\n   labels   Estimate, Wheels\n\
             -1d0h20m  Maren   [photo 3] After the pothole\n\
             -51m      Phone (Ana)  On the stand now.\n\
             -40s      Sami    [template ready] name=Maren; until=six tonight\n",
        )
        .expect("scenes");
        let scene = &scenes[0];
        assert_eq!(scene.assigned, Some(Agent::Sami));
        assert_eq!(scene.labels, ["Estimate", "Wheels"]);
        assert_eq!(scene.lines[0].ago, Duration::from_secs(86_400 + 1_200));
        assert_eq!(
            scene.lines[1].act,
            Act::Phone(
                PhoneAct::Types("On the stand now.".into()),
                Some(Agent::Ana)
            )
        );
        let Act::Agent(Agent::Sami, AgentAct::Template { name, values }) = &scene.lines[2].act
        else {
            panic!("{:?}", scene.lines[2].act);
        };
        assert_eq!(
            (name.as_str(), values["body.until"].as_str()),
            ("ready", "six tonight")
        );
    }

    #[test]
    fn nonsense_is_named_with_its_line() {
        for (text, what) in [
            ("== A B, 1\n-5m  Nobody  Hi", "nobody of this name"),
            ("== A B, 1\n-5q  A  Hi", "5q is no time"),
            ("== A B, 1\n-5m  A  [juggles] Hi", "[juggles]"),
            (
                "== A B, 1\n-5m  A  Hi\n-6m  A  Ho",
                "later than the line after it",
            ),
        ] {
            let error = format!("{:#}", parse(text).expect_err("refused"));
            assert!(error.contains(what) && error.contains("line "), "{error}");
        }
    }
}
