import ArgumentParser
import VIPSpelling

let words = CommandWords(
    commands: VIPLabCommand.configuration.subcommands.map { $0._commandName },
    optionsWithValue: ["--packages", "--release", "--runs", "--count", "--load-time"]
)
do throws(CommandMistake) {
    VIPLabCommand.main(try words.withCommandFirst(Array(CommandLine.arguments.dropFirst())))
} catch {
    VIPLabCommand.exit(withError: ValidationError("\(error)"))
}
