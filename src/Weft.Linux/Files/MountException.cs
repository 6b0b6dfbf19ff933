namespace Weft.Linux.Files;

/// <summary>An option about files can't be honoured. The message is one line for the user: cause and remedy.</summary>
public sealed class MountException(string message) : Exception(message);
