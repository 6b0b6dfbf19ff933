namespace Weft.Vm.Daemon;

/// <summary>The link to another host of the cluster, as the daemon tells it.</summary>
/// <param name="Host">The other host's name.</param>
/// <param name="Address">Where its daemon listens.</param>
/// <param name="IsReady">Whether messages move.</param>
/// <param name="MessagesSent">Since the link was made; so are all that follow.</param>
/// <param name="MessagesReceived">Messages that came.</param>
/// <param name="BytesSent">What was sent again after a lost connection included.</param>
/// <param name="BytesReceived">Bytes that came.</param>
/// <param name="Connections">Connections opened.</param>
/// <param name="Resumptions">How often it went on over a new connection, nothing lost.</param>
/// <param name="Breaks">How often it didn't: what was under way failed.</param>
public sealed record LinkReport(
    string Host, string Address, bool IsReady, long MessagesSent, long MessagesReceived, long BytesSent, long BytesReceived,
    long Connections, long Resumptions, long Breaks);
