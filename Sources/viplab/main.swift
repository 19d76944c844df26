import ArgumentParser

VIPLabCommand.main()
