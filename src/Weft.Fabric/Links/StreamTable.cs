namespace Weft.Fabric.Links;

/// <summary>
/// The credit of a link's streams. Counters are bytes since the session began, modulo 2^32, frame headers included, so that
/// empty messages cost too. Grows to the highest stream in use and no further.
/// </summary>
internal sealed class StreamTable(int mostStreams, int windowBytes)
{
    private readonly uint _returnBytes = (uint)windowBytes / 4;
    private uint[] _sent = [];
    private uint[] _returned = [];
    private uint[] _consumed = [];
    private uint[] _reported = [];
    private uint[] _received = [];

    /// <summary>Streams whose consumption is to be told, each once.</summary>
    private uint[] _due = [];
    private bool[] _isDue = [];
    private int _dueCount;

    /// <summary>Whether some stream's credit is to be returned.</summary>
    internal bool HasDue => _dueCount != 0;

    internal bool IsStream(uint stream) => stream < (uint)mostStreams;

    /// <summary>Whether the peer has consumed enough for so many bytes more.</summary>
    internal bool HasCredit(uint stream, uint costBytes)
    {
        Grow(stream);
        return _sent[stream] - _returned[stream] + costBytes <= (uint)windowBytes;
    }

    internal void AddSent(uint stream, uint costBytes) => _sent[stream] += costBytes;

    /// <summary>Takes what came of a stream; false when the peer sends more than it may.</summary>
    internal bool TryAddReceived(uint stream, uint costBytes)
    {
        Grow(stream);
        _received[stream] += costBytes;
        return _received[stream] - _reported[stream] <= (uint)windowBytes;
    }

    /// <summary>The sink is done with so many bytes of a stream.</summary>
    internal void AddConsumed(uint stream, uint costBytes)
    {
        _consumed[stream] += costBytes;
        if (_consumed[stream] - _reported[stream] < _returnBytes || _isDue[stream])
            return;
        _isDue[stream] = true;
        _due[_dueCount++] = stream;
    }

    /// <summary>The stream whose credit is to be returned next, and its count. Call <see cref="Reported"/> once that is on its way.</summary>
    internal (uint Stream, uint Consumed) NextDue()
    {
        uint stream = _due[_dueCount - 1];
        return (stream, _consumed[stream]);
    }

    internal void Reported()
    {
        uint stream = _due[--_dueCount];
        _isDue[stream] = false;
        _reported[stream] = _consumed[stream];
    }

    /// <summary>Takes a credit; false when the peer returns what it was not sent.</summary>
    internal bool TryReturn(uint stream, uint consumed)
    {
        if (stream >= (uint)_sent.Length || consumed - _returned[stream] > _sent[stream] - _returned[stream])
            return false;
        _returned[stream] = consumed;
        return true;
    }

    /// <summary>A new session: everything at 0.</summary>
    internal void Clear()
    {
        foreach (uint[] counters in (ReadOnlySpan<uint[]>)[_sent, _returned, _consumed, _reported, _received])
            Array.Clear(counters);
        Array.Clear(_isDue);
        _dueCount = 0;
    }

    private void Grow(uint stream)
    {
        if (stream < (uint)_sent.Length)
            return;
        int length = (int)Math.Min((uint)mostStreams, Math.Max(64, System.Numerics.BitOperations.RoundUpToPowerOf2(stream + 1)));
        Array.Resize(ref _sent, length);
        Array.Resize(ref _returned, length);
        Array.Resize(ref _consumed, length);
        Array.Resize(ref _reported, length);
        Array.Resize(ref _received, length);
        Array.Resize(ref _due, length);
        Array.Resize(ref _isDue, length);
    }
}
