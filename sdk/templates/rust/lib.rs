//! A plugin with one task. See README.md.

sopool::plugin! { @name@, "0.1";
    /// Greets.
    fn hello(name: &str) -> String {
        format!("Hello, {name}!")
    }
}
