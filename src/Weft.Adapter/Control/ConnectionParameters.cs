using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>What one end tells the other of its queue pair: the fields of the InfiniBand specification's REQ, REP and SIDR messages that matter.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConnectionParameters
{
    /// <summary>QPN.</summary>
    public uint QueuePair;

    /// <summary>Q_Key, of datagrams.</summary>
    public uint QueueKey;

    /// <summary>The first PSN it will send.</summary>
    public uint StartingPsn;

    /// <summary>READs and atomics that it serves at a time.</summary>
    public byte ResponderResources;

    /// <summary>READs and atomics that it will have outstanding.</summary>
    public byte InitiatorDepth;

    /// <summary>End-to-end flow control.</summary>
    public byte FlowControl;

    /// <summary>Retries.</summary>
    public byte RetryCount;

    /// <summary>RNR retries.</summary>
    public byte RnrRetryCount;

    /// <summary>1: it receives from a shared queue.</summary>
    public byte IsShared;

    /// <summary>How much of the private data is meant.</summary>
    public ushort PrivateBytes;

    /// <summary>The private data.</summary>
    public PrivateData Private;
}
