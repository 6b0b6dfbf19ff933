using System.Runtime.InteropServices;
using Weft.Adapter.Control;

namespace Weft.Adapter.Wire;

/// <summary>The body of an answer to <see cref="WireVerb.QueryQueuePair"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct QueuePairAnswer
{
    internal QueuePairAttributes Attributes;
    internal QueuePairCapacities Capacities;
}
