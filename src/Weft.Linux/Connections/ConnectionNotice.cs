using Weft.Adapter.Control;

namespace Weft.Linux.Connections;

/// <summary>An event that waits for the program.</summary>
/// <param name="Target">Whose it is: its user id tells it, and it counts for this one. Of a request, the listener.</param>
/// <param name="Subject">Whose number it has: of a request, the new connection's.</param>
/// <param name="Kind">enum rdma_cm_event_type.</param>
/// <param name="Status">0, a reason, or -errno.</param>
/// <param name="Parameters">What the other end told.</param>
/// <param name="PrivateBytes">How much private data such a message has.</param>
internal sealed record ConnectionNotice(
    ConnectionId Target, ConnectionId Subject, ConnectionNoticeKind Kind, int Status, ConnectionParameters Parameters, byte PrivateBytes);
