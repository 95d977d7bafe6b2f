//! A test centre as the centre of a story: real HTTP, the embedded DynamoDB, signatures.

use config::ContactCentre;
use http_client::{Answer, Request};
use ids::AccountSid;
use ids::time::{Clock, Millis, Timestamp};
use store::Store;
use stories::Story;
use stories::customer::Customer as Servers;

use crate::customer::Customer;
use crate::test_centre::{Surroundings, TestCentre};

/// A test centre, its folder, and the customer's server.
pub(super) struct OverHttp {
    /// `None` while the process is restarted.
    test_centre: Option<TestCentre>,
    customer: Customer,
    folder: tempfile::TempDir,
}

impl OverHttp {
    pub(super) async fn open(story: &Story, set_up: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let customer = Customer::open().await;
        let voice_url = story.documents.is_some();
        let voice_url = voice_url.then(|| format!("{}/voice", customer.base()));
        let surroundings = Surroundings {
            web: customer.network(),
            voice_url,
            ..Surroundings::real()
        };
        let set_up = customer.with_address(set_up);
        let test_centre =
            TestCentre::open_with(&set_up, folder.path().to_owned(), surroundings).await;
        Self {
            test_centre: Some(test_centre),
            customer,
            folder,
        }
    }

    pub(super) async fn close(self) {
        self.test_centre.unwrap().close().await;
    }

    fn test_centre(&self) -> &TestCentre {
        self.test_centre.as_ref().unwrap()
    }
}

impl stories::Centre for OverHttp {
    fn now(&self) -> Timestamp {
        self.test_centre().clock.now()
    }

    async fn advance(&self, duration: Millis) {
        self.test_centre().advance(duration).await;
    }

    async fn send(&self, request: Request) -> Answer {
        let test_centre = self.test_centre();
        let (parts, body) = request.into_parts();
        let url = format!("{}{}", test_centre.base, parts.uri);
        let account = &test_centre.account;
        let sent = test_centre
            .http
            .request(parts.method, url)
            .headers(parts.headers)
            .basic_auth(account.account_sid, Some(&account.auth_token))
            .body(body)
            .send()
            .await
            .unwrap();
        let mut answer = Answer::new(Vec::new());
        *answer.status_mut() = sent.status();
        *answer.headers_mut() = sent.headers().clone();
        *answer.body_mut() = sent.bytes().await.unwrap().to_vec();
        answer
    }

    fn store(&self) -> &Store {
        &self.test_centre().centre.store
    }

    fn configuration(&self) -> &ContactCentre {
        &self.test_centre().contact_centre
    }

    fn account_sid(&self) -> AccountSid {
        self.test_centre().account.account_sid
    }

    fn auth_token(&self) -> &str {
        &self.test_centre().account.auth_token
    }

    fn customer(&self) -> &Servers {
        &self.customer
    }

    async fn apply(&mut self, set_up: &str) -> Result<(), String> {
        let test_centre = self.test_centre.as_mut().unwrap();
        test_centre.apply_configuration(set_up).await;
        Ok(())
    }

    async fn restart(&mut self, set_up: &str) -> Result<(), String> {
        let folder = self.folder.path().to_owned();
        let test_centre = self.test_centre.take().unwrap();
        self.test_centre = Some(test_centre.restarted(set_up, folder).await);
        Ok(())
    }
}
