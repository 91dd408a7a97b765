//! The list that a docs writer works from, from the questions that led to it.

use crate::access::issue;
use crate::test_app::TestApp;
use rag_chatbot::secret::Secret;
use rag_chatbot::store::{KeyLimits, Right};
use reqwest::Method;
use serde_json::{Value, json};

struct Writer {
    app: TestApp,
    key: Secret,
}

impl Writer {
    async fn with(questions: &[&str]) -> Self {
        let app = TestApp::start().await;
        let key = issue(&app, &[Right::Admin], KeyLimits::default())
            .await
            .token;
        for question in questions {
            let answer = app.ask(question).await;
            assert_eq!(answer["abstained"], true, "{question}");
        }
        Self { app, key }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Value,
    ) -> reqwest::Response {
        let request = self
            .app
            .client
            .request(method, format!("{}{path}", self.app.url));
        let request = request
            .bearer_auth(self.key.expose())
            .header("accept", accept);
        request.json(&body).send().await.expect("a response")
    }

    async fn gaps(&self, query: &str) -> Value {
        let path = format!("/admin/gaps{query}");
        let response = self
            .send(Method::GET, &path, "application/json", json!({}))
            .await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], "no-store");
        response.json().await.expect("JSON")
    }
}

/// Every group as its questions.
fn groups(gaps: &Value) -> Vec<Vec<String>> {
    let texts = |group: &Value| -> Vec<String> {
        let questions = group["questions"].as_array().expect("questions").iter();
        questions
            .map(|one| one["question"].as_str().expect("a text").to_owned())
            .collect()
    };
    let pages = gaps["pages"].as_array().expect("pages").iter();
    pages
        .flat_map(|page| page["groups"].as_array().expect("groups").iter().map(texts))
        .collect()
}

#[tokio::test]
async fn questions_that_mean_the_same_are_one_gap_in_whatever_words_and_language() {
    let writer = Writer::with(&[
        "How do I bake sourdough bread?",
        "What is the recipe for baking a loaf of bread?",
        "روٹی کیسے پکائی جاتی ہے؟",
        "Who won the football world cup in 1966?",
        "How do I bake sourdough bread?",
    ])
    .await;
    let gaps = writer.gaps("").await;
    assert_eq!(gaps["grouped_by_meaning"], true);
    let mut found = groups(&gaps);
    found.sort_by_key(|group| std::cmp::Reverse(group.len()));
    assert_eq!(
        found,
        [
            vec![
                "How do I bake sourdough bread?",
                "روٹی کیسے پکائی جاتی ہے؟",
                "What is the recipe for baking a loaf of bread?",
            ],
            vec!["Who won the football world cup in 1966?"],
        ]
    );
    let pages = gaps["pages"].as_array().expect("pages").iter();
    let bread = pages
        .flat_map(|page| page["groups"].as_array().expect("groups"))
        .find(|group| group["question"] == "How do I bake sourdough bread?")
        .expect("the bread");
    assert_eq!(
        (&bread["unanswered"], &bread["this_week"]),
        (&json!(4), &json!(4))
    );
}

#[tokio::test]
async fn an_answer_that_a_reader_rates_down_is_a_gap_of_its_page() {
    let writer = Writer::with(&[]).await;
    let answer = writer.app.ask("How long does the battery last?").await;
    let message = answer["message_id"].clone();
    let rating = json!({"message_id": message, "rating": "down"});
    assert_eq!(writer.app.post("/feedback", &rating).await.status(), 204);
    let gaps = writer.gaps("").await;
    let page = &gaps["pages"][0];
    assert_eq!(
        (&page["url"], &page["title"]),
        (&json!("/intro"), &json!("Introduction"))
    );
    assert_eq!(
        (&page["unanswered"], &page["down_voted"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn what_is_done_leaves_the_list_and_who_did_it_is_written_down() {
    let writer = Writer::with(&["How do I bake sourdough bread?"]).await;
    let id = writer.gaps("").await["pages"][0]["groups"][0]["questions"][0]["id"].clone();
    let marks = json!({"ids": [id], "done": true});
    let marked = writer
        .send(Method::POST, "/admin/gaps/done", "*/*", marks)
        .await;
    assert_eq!(
        marked.json::<Value>().await.expect("JSON"),
        json!({"marked": 1})
    );
    assert!(groups(&writer.gaps("").await).is_empty());
    assert_eq!(groups(&writer.gaps("?state=done").await).len(), 1);
    writer.app.ask("How do I bake sourdough bread?").await;
    assert_eq!(groups(&writer.gaps("?state=open").await).len(), 1);
    let log = writer
        .send(Method::GET, "/admin/audit", "*/*", json!({}))
        .await;
    let log: Value = log.json().await.expect("JSON");
    let entries = log["entries"].as_array().expect("entries").iter();
    let marks: Vec<&Value> = entries.filter(|one| one["action"] == "gaps.mark").collect();
    assert_eq!(marks.len(), 1);
    assert_eq!(marks[0]["object"], "1 done");
}

#[tokio::test]
async fn a_spreadsheet_gets_one_question_a_line_and_no_formula() {
    let writer = Writer::with(&["=HYPERLINK(\"http://evil\") bake bread?"]).await;
    let table = writer
        .send(Method::GET, "/admin/gaps", "text/csv", json!({}))
        .await;
    assert_eq!(
        table.headers()["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    let table = table.text().await.expect("text");
    let lines: Vec<&str> = table.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("page,page_title,group,question,locale,unanswered,"));
    assert!(
        lines[1].contains("\"'=HYPERLINK(\"\"http://evil\"\") bake bread?\""),
        "{table}"
    );
}
