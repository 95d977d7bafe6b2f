//! The table's schema, for the embedded engine and tests. In the cloud `template.yaml` creates the
//! same table.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
    TimeToLiveSpecification,
};

use crate::{Error, keys};

/// Creates the table with its indexes, stream and time to live. Does nothing if the table exists.
pub async fn create_table(client: &Client, table: &str) -> Result<(), Error> {
    let attributes = [
        keys::PK,
        keys::SK,
        keys::BOARD_PK,
        keys::BOARD_SK,
        keys::LISTING_PK,
        keys::LISTING_SK,
    ];
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages);
    let created = client
        .create_table()
        .table_name(table)
        .set_attribute_definitions(Some(
            attributes
                .into_iter()
                .map(definition)
                .collect::<Result<_, _>>()?,
        ))
        .set_key_schema(Some(key_schema(keys::PK, keys::SK)?))
        .global_secondary_indexes(index(
            keys::BOARD,
            keys::BOARD_PK,
            keys::BOARD_SK,
            ProjectionType::All,
        )?)
        .global_secondary_indexes(index(
            keys::LISTING,
            keys::LISTING_PK,
            keys::LISTING_SK,
            ProjectionType::KeysOnly,
        )?)
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(stream.build().map_err(build_error)?)
        .send()
        .await;
    match created {
        Ok(_) => {}
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_in_use_exception()) =>
        {
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    let time_to_live = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name(keys::TTL);
    client
        .update_time_to_live()
        .table_name(table)
        .time_to_live_specification(time_to_live.build().map_err(build_error)?)
        .send()
        .await?;
    Ok(())
}

fn definition(name: &str) -> Result<AttributeDefinition, Error> {
    let definition = AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S);
    definition.build().map_err(build_error)
}

fn key_schema(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>, Error> {
    Ok(vec![
        key_element(hash, KeyType::Hash)?,
        key_element(range, KeyType::Range)?,
    ])
}

fn key_element(name: &str, key_type: KeyType) -> Result<KeySchemaElement, Error> {
    let element = KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(key_type);
    element.build().map_err(build_error)
}

fn index(
    name: &str,
    hash: &str,
    range: &str,
    projection: ProjectionType,
) -> Result<GlobalSecondaryIndex, Error> {
    let index = GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(key_schema(hash, range)?))
        .projection(Projection::builder().projection_type(projection).build());
    index.build().map_err(build_error)
}

fn build_error(error: aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::Unavailable(error.to_string())
}
