//! The limits of the API: sizes of requests, pages and lists, and the load on one process.

use task_router::model::CONFIGURATION_BYTES_MAX;

/// Bytes of the largest request body, unless its route says otherwise: 4,096 characters of
/// attributes at four bytes each, every byte percent-encoded as `%xx`, and room for the other
/// parameters (taskrouter.md section 14).
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Bytes of the largest request body that writes a Workflow: a configuration (taskrouter.md
/// section 14), every byte percent-encoded as `%xx`, and room for the other parameters.
pub const WORKFLOW_BODY_BYTES_MAX: usize = 3 * CONFIGURATION_BYTES_MAX + BODY_BYTES_MAX;

/// Requests that one process answers concurrently. A Lambda instance has one at a time. A server
/// process holds a body and a page of a list for each, some 100 MB at worst.
pub const CONCURRENT_REQUESTS_MAX: usize = 256;

/// Entries of the largest page.
pub const PAGE_SIZE_MAX: usize = 1_000;

/// Items read from the table for one list that no index has in the requested order: the Workers
/// that a Workspace may have (taskrouter.md section 14). At 32 concurrent reads of 10 ms each this
/// takes 5 s of the 29 s that a request may last.
pub const ITEMS_READ_MAX: usize = 15_000;
