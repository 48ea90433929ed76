//! Which solutions an environment has and which tables are in them.
use super::ids::metadata_of;
use super::schema::Schema;
use super::wide::Wide;
use uuid::Uuid;

/// A solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Unique name.
    pub unique: String,
    /// Friendly name.
    pub friendly: String,
    /// Version.
    pub version: &'static str,
    /// Came as a managed solution.
    pub managed: bool,
    /// Makers see it.
    pub visible: bool,
}

/// Solutions, and for each table in one its number and the table's metadata id.
#[derive(Debug, Clone, Default)]
pub struct Solutions {
    /// Solutions.
    pub all: Vec<Solution>,
    /// (solution, metadata id of the table).
    pub components: Vec<(u32, Uuid)>,
}

impl Solutions {
    /// The default solution holds everything; the service's own tables are in the system's; the others in the solution that brought them.
    pub fn of(schema: &Schema, wide: Option<&Wide>) -> Self {
        let mut out = Self::default();
        let default = out.solution("Default", "Default Solution", "1.0", false, true);
        let system = out.solution("System", "System", "9.2.26103.182", true, false);
        let sample = out.solution("SampleProjects", "Sample Projects", "1.2.0.7", false, true);
        for entity in &schema.entities {
            let id = metadata_of(entity.logical);
            out.components.push((default, id));
            out.components.push((if entity.custom() { sample } else { system }, id));
            // A table of the system may be part of a maker's solution too.
            if entity.logical == "contact" {
                out.components.push((sample, id));
            }
        }
        for entity in wide.into_iter().flat_map(Wide::entities) {
            let id = metadata_of(&entity.logical);
            let publisher = super::wide::PUBLISHERS[entity.publisher];
            let (unique, friendly) = publisher.solutions[entity.solution];
            let of = match out.all.iter().position(|known| known.unique == unique) {
                Some(at) => at as u32,
                None => out.solution(unique, friendly, "2.4.1.30", publisher.managed, true),
            };
            out.components.push((default, id));
            out.components.push((of, id));
        }
        out
    }

    fn solution(
        &mut self,
        unique: &str,
        friendly: &str,
        version: &'static str,
        managed: bool,
        visible: bool,
    ) -> u32 {
        self.all.push(Solution {
            unique: unique.to_owned(),
            friendly: friendly.to_owned(),
            version,
            managed,
            visible,
        });
        self.all.len() as u32 - 1
    }
}
