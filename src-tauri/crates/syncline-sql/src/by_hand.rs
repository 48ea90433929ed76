//! Rows that a person makes.

use std::collections::BTreeMap;
use syncline_connect::RowRequest;
use syncline_model::{EntitySchema, SynclineError, Value};

use crate::connector::SqlConnector;
use crate::destination::undescribed;
use crate::request;

impl SqlConnector {
    /// The request that makes a row of these columns. Its key may be among them, or be given by the database; one that is taken is refused
    /// by the database. Unlike the rows of a sync it may be sent once only.
    pub fn new_row(
        &self,
        schema: &EntitySchema,
        values: &BTreeMap<String, Value>,
    ) -> Result<RowRequest, SynclineError> {
        let table = self.known(schema).ok_or_else(|| undescribed(schema))?;
        request::by_hand(self.dialect(), &table, values)
    }
}
