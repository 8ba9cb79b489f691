//! What a file says of its plugin, put together while it is compiled.

use crate::abi::{self, Head, Load, Plugin, Task};
use crate::run::{self, Body};
use std::mem::size_of;

/// A record with its texts, each with a NUL. `N` is a multiple of four, and so
/// is the size of all of it: the host looks for the next one there.
#[repr(C)]
pub struct Record<const N: usize> {
    head: Head,
    text: [u8; N],
}

pub const fn padded(size: usize) -> usize {
    (size + 3) / 4 * 4
}

/// Texts one behind the other. What has no room is counted alone, so that a
/// `Text<0>` tells how much room there must be.
#[derive(Clone, Copy)]
struct Text<const N: usize> {
    bytes: [u8; N],
    size: usize,
}

impl<const N: usize> Text<N> {
    const fn new() -> Self {
        Text { bytes: [0; N], size: 0 }
    }

    const fn byte(mut self, byte: u8) -> Self {
        if self.size < N {
            self.bytes[self.size] = byte;
        }
        self.size += 1;
        self
    }

    /// A text from its byte `from` on.
    const fn tail(mut self, text: &str, from: usize) -> Self {
        let bytes = text.as_bytes();
        let mut i = from;

        while i < bytes.len() {
            assert!(bytes[i] != 0, "a text of a plugin has a NUL in it");
            self = self.byte(bytes[i]);
            i += 1;
        }
        self
    }

    const fn text(self, text: &str) -> Self {
        self.tail(text, 0)
    }

    const fn nul(self) -> Self {
        self.byte(0)
    }

    const fn record(self, kind: u32, flags: u32) -> Record<N> {
        let size = size_of::<Head>() + self.size;
        let head =
            Head { magic: abi::RECORD_MAGIC, size: size as u32, kind, flags };

        Record { head, text: self.bytes }
    }
}

/// As the host wants names to be.
const fn check_name(name: &str) {
    let bytes = name.as_bytes();
    let mut i = 0;

    while i < bytes.len() {
        assert!(
            matches!(bytes[i], b'a'..=b'z' | b'_' | b'0'..=b'9'),
            "the names of plugins and tasks are lower-case letters, digits and _"
        );
        i += 1;
    }
    assert!(i <= 40, "the names of plugins and tasks have 40 letters at most");
}

/// Where the name begins: keywords that are names have `r#` before them.
const fn plain_from(name: &str) -> usize {
    let bytes = name.as_bytes();

    if bytes.len() > 2 && bytes[1] == b'#' {
        2
    } else {
        0
    }
}

pub fn plain(name: &str) -> &str {
    &name[plain_from(name)..]
}

pub struct TaskText {
    pub name: &'static str,
    /// Name and type; one without a type is no argument.
    pub params: &'static [(&'static str, &'static str)],
    pub result: &'static str,
    /// The lines of the comment.
    pub doc: &'static [&'static str],
    pub flags: u32,
}

impl TaskText {
    const fn put_signature<const N: usize>(&self, mut to: Text<N>) -> Text<N> {
        let mut i = 0;
        let mut before = "";

        to = to.text("(");
        while i < self.params.len() {
            let (name, kind) = self.params[i];
            if !kind.is_empty() {
                to = to.text(before).tail(name, plain_from(name));
                to = to.text(": ").text(kind);
                before = ", ";
            }
            i += 1;
        }
        to.text(") -> ").text(self.result)
    }

    /// The lines as one; a comment has a space before each.
    const fn put_doc<const N: usize>(&self, mut to: Text<N>) -> Text<N> {
        let mut i = 0;
        let mut before = "";

        while i < self.doc.len() {
            let line = self.doc[i];
            let bytes = line.as_bytes();
            let from =
                if !bytes.is_empty() && bytes[0] == b' ' { 1 } else { 0 };
            if from < bytes.len() {
                to = to.text(before).tail(line, from);
                before = " ";
            }
            i += 1;
        }
        to
    }

    /// All texts, and where signature and doc begin.
    const fn put<const N: usize>(&self) -> (Text<N>, usize, usize) {
        let mut text = Text::new();

        text = text.text(self.name).nul();
        let signature = text.size;
        text = self.put_signature(text).nul();
        let doc = text.size;
        (self.put_doc(text).nul(), signature, doc)
    }

    pub const fn size(&self) -> usize {
        self.put::<0>().0.size
    }

    pub const fn record<const N: usize>(&self) -> Record<N> {
        check_name(self.name);
        self.put().0.record(abi::RECORD_TASK, self.flags)
    }

    pub const fn task<B: Body, const N: usize>(
        &self,
        record: &'static Record<N>,
    ) -> Task {
        let (_, signature, doc) = self.put::<0>();
        let text = record.text.as_ptr();

        Task {
            size: size_of::<Task>() as u32,
            flags: self.flags,
            name: text,
            signature: unsafe { text.add(signature) },
            doc: unsafe { text.add(doc) },
            run: run::run::<B>,
            record: record as *const Record<N> as *const _,
            direct: run::direct::<B>,
        }
    }
}

pub struct PluginText {
    pub name: &'static str,
    pub version: &'static str,
    pub tasks: &'static [&'static str],
}

impl PluginText {
    const fn put<const N: usize>(&self) -> Text<N> {
        let mut text = Text::new();
        let mut i = 0;

        text = text.text(self.name).nul().text(self.version).nul();
        while i < self.tasks.len() {
            text = text.text(self.tasks[i]).nul();
            i += 1;
        }
        text
    }

    pub const fn size(&self) -> usize {
        self.put::<0>().size
    }

    pub const fn record<const N: usize>(&self) -> Record<N> {
        check_name(self.name);
        self.put().record(abi::RECORD_PLUGIN, abi::MAJOR << 16 | abi::MINOR)
    }

    pub const fn plugin<const N: usize>(
        &self,
        record: &'static Record<N>,
        tasks: &'static [&'static Task],
        load: Option<Load>,
    ) -> Plugin {
        let text = record.text.as_ptr();

        Plugin {
            magic: abi::PLUGIN_MAGIC,
            size: size_of::<Plugin>() as u32,
            minor: abi::MINOR,
            task_count: self.tasks.len() as u32,
            name: text,
            version: unsafe { text.add(self.name.len() + 1) },
            tasks: tasks.as_ptr(),
            load,
            record: record as *const Record<N> as *const _,
        }
    }
}
