//! These bytes are what a model's server streams as its answer.
//!
//! The first byte says how long the pieces are in which they arrive.

use rag_chatbot::answer::openai::{OpenAi, Options, Retries};
use rag_chatbot::answer::{ChatMessage, ChatRole, Generator};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// What the server says next, in pieces.
static PIECES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
/// One try at a time, as there is one server.
static TURN: Mutex<()> = Mutex::new(());

struct Rig {
    runtime: tokio::runtime::Runtime,
    generator: OpenAi,
}

static RIG: LazyLock<Rig> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    let generator = OpenAi::new(Options {
        base_url: format!("http://{address}/v1"),
        retries: Retries {
            max: 0,
            ..Retries::default()
        },
        idle_timeout: Duration::from_secs(60),
        ..Options::default()
    });
    Rig {
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime"),
        generator: generator.expect("a client"),
    }
});

/// Answers request after request of one connection until it is gone.
fn serve(stream: TcpStream) -> Option<()> {
    let mut incoming = BufReader::new(stream.try_clone().ok()?);
    let mut out = stream;
    out.set_nodelay(true).ok()?;
    loop {
        let mut length = 0u64;
        loop {
            let mut line = String::new();
            if incoming.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.to_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        std::io::copy(&mut incoming.by_ref().take(length), &mut std::io::sink()).ok()?;
        out.write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .ok()?;
        let pieces = PIECES.lock().expect("nobody panics with it").clone();
        for piece in pieces {
            let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
            chunk.extend(piece);
            chunk.extend(b"\r\n");
            out.write_all(&chunk).ok()?;
        }
        out.write_all(b"0\r\n\r\n").ok()?;
    }
}

pub fn try_on(data: &[u8]) {
    let Some((length, body)) = data.split_first() else {
        return;
    };
    let _turn = TURN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    // Few pieces: each is a write of its own.
    let length = usize::from(*length).max(body.len() / 16).max(1);
    *PIECES.lock().expect("nobody panics with it") =
        body.chunks(length).map(<[u8]>::to_vec).collect();
    let messages = [ChatMessage {
        role: ChatRole::User,
        content: "?".to_owned(),
    }];
    let written = RIG.runtime.block_on(async {
        let (out, mut written) = mpsc::channel(4);
        let generate = RIG.generator.generate(&messages, 100, out);
        let listen = async {
            let mut text = String::new();
            while let Some(piece) = written.recv().await {
                text.push_str(&piece);
            }
            text
        };
        // An error is an answer like any other: what matters is that it ends, and nothing breaks.
        let (_outcome, text) = tokio::join!(generate, listen);
        text
    });
    assert!(
        written.len() <= body.len().saturating_mul(4) + 64,
        "text from nowhere"
    );
}
