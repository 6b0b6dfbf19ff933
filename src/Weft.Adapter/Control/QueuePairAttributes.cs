using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>struct ibv_qp_attr. The units are the specification's: timer codes, log2 sizes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueuePairAttributes
{
    /// <summary>Primary path.</summary>
    public PathAddress Path;

    /// <summary>Alternate path: stored and returned.</summary>
    public PathAddress AlternatePath;

    /// <summary>Q_Key.</summary>
    public uint QueueKey;

    /// <summary>Receive PSN.</summary>
    public uint ReceivePsn;

    /// <summary>Send PSN.</summary>
    public uint SendPsn;

    /// <summary>The peer's QPN.</summary>
    public uint DestinationQueuePair;

    /// <summary>enum ibv_access_flags of remote access.</summary>
    public uint Access;

    /// <summary>P_Key index.</summary>
    public ushort PartitionIndex;

    /// <summary>Of the alternate path.</summary>
    public ushort AlternatePartitionIndex;

    /// <summary>The state.</summary>
    public QueuePairState State;

    /// <summary>The state that the caller assumes.</summary>
    public QueuePairState CurrentState;

    /// <summary>enum ibv_mtu: 1 is 256 bytes, 5 is 4096.</summary>
    public byte PathMtu;

    /// <summary>enum ibv_mig_state.</summary>
    public byte MigrationState;

    /// <summary>1: an event when SQD is reached.</summary>
    public byte WantsDrainEvent;

    /// <summary>Outstanding READs and atomics as initiator.</summary>
    public byte MostReadsOut;

    /// <summary>And as target.</summary>
    public byte MostReadsIn;

    /// <summary>RNR timer code, specification table 45.</summary>
    public byte RnrTimer;

    /// <summary>The port, 1.</summary>
    public byte Port;

    /// <summary>Time-out code: 4.096 us x 2^n, 0 for ever.</summary>
    public byte Timeout;

    /// <summary>Retries.</summary>
    public byte RetryCount;

    /// <summary>RNR retries, 7 for ever.</summary>
    public byte RnrRetry;

    /// <summary>Of the alternate path.</summary>
    public byte AlternatePort;

    /// <summary>Of the alternate path.</summary>
    public byte AlternateTimeout;

    /// <summary>Not used, 0.</summary>
    public ushort Reserved;
}
