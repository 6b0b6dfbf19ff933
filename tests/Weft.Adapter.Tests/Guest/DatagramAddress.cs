using Weft.Adapter.Control;

namespace Weft.Adapter.Tests.Guest;

/// <summary>Address handle, QPN and Q_Key of a datagram.</summary>
internal readonly record struct DatagramAddress(ushort Lid, uint QueuePair, uint QueueKey, GlobalAddress? Global = null, byte ServiceLevel = 0);
