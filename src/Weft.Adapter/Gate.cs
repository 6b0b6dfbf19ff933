namespace Weft.Adapter;

/// <summary>
/// The adapter's one lock, with a lane for each polling thread. A thread holds its lane for as long as it works and lets
/// control calls in between two turns; a control call takes all lanes, so when it is in, no thread touches any guest's
/// memory, and what it changes each thread sees when it has its lane back.
/// </summary>
/// <remarks>Lanes are taken in their order and by nobody who holds a later one: a thread leaves its own before it enters.</remarks>
internal sealed class Gate
{
    /// <summary>A waiting call that runs already gets in within this many tries.</summary>
    private const int MostTries = 64, SpinsATry = 8;

    private readonly Lock[] _lanes;
    private int _waiting;
    private long _entered;

    /// <summary>Threads that have let others in and want to go on: who comes now leaves them the way for a moment.</summary>
    private int _threadsBack;

    internal Gate(int lanes)
    {
        _lanes = new Lock[lanes];
        for (int lane = 0; lane < lanes; lane++)
            _lanes[lane] = new Lock();
    }

    /// <summary>Whether somebody wants in. The threads ask between turns.</summary>
    internal bool IsWanted => Volatile.Read(ref _waiting) != 0;

    /// <summary>Enters for a control call.</summary>
    internal Entry Enter()
    {
        Interlocked.Increment(ref _waiting);
        for (int tries = 0; tries < MostTries && Volatile.Read(ref _threadsBack) != 0; tries++)
            Thread.SpinWait(SpinsATry);
        foreach (Lock lane in _lanes)
            lane.Enter();
        Interlocked.Decrement(ref _waiting);
        Volatile.Write(ref _entered, _entered + 1);
        return new Entry(this);
    }

    /// <summary>A polling thread takes its lane.</summary>
    internal void Take(int lane) => _lanes[lane].Enter();

    /// <summary>A polling thread leaves its lane.</summary>
    internal void Leave(int lane) => _lanes[lane].Exit();

    /// <summary>
    /// A polling thread lets those in who wait; while they wake up it gives its core away. As many as wait now, so that
    /// callers who come again and again don't keep it from its work.
    /// </summary>
    internal void LetIn(int lane, Sleeper sleeper)
    {
        const long napNs = 5000;
        long last = _entered + Volatile.Read(ref _waiting);
        _lanes[lane].Exit();
        for (int tries = 0; IsWanted && Volatile.Read(ref _entered) < last; tries++)
            if (tries < MostTries)
                Thread.SpinWait(1);
            else
                sleeper.Doze(napNs);
        Interlocked.Increment(ref _threadsBack);
        _lanes[lane].Enter();
        Interlocked.Decrement(ref _threadsBack);
    }

    private void LeaveAll()
    {
        for (int lane = _lanes.Length - 1; lane >= 0; lane--)
            _lanes[lane].Exit();
    }

    /// <summary>A control call's stay; leave by disposing.</summary>
    internal readonly ref struct Entry(Gate gate)
    {
        /// <summary>Leaves.</summary>
        public void Dispose() => gate.LeaveAll();
    }
}
