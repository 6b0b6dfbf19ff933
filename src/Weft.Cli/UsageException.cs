namespace Weft.Cli;

/// <summary>The command line is wrong; the message is a clause that names the word and what would be right.</summary>
public sealed class UsageException(string message) : Exception(message);
