namespace Weft.Linux;

/// <summary>
/// What the attendant has declined lately for a thread, by number: a call that was going to wait will likely wait
/// again, and asking first costs as much as the exit that follows. So it leaves by exits for a while, each time longer.
/// </summary>
/// <remarks>Touched by the attendant while the vCPU waits for it, and by the vCPU's thread after an exit: never by both at once.</remarks>
internal sealed class DeclinedCalls
{
    private const int MostLevel = 10;
    private readonly byte[] _level = new byte[Machine.SystemCallSlot.WayCount];
    private readonly ushort[] _exitsLeft = new ushort[Machine.SystemCallSlot.WayCount];

    /// <summary>The call was declined: it is to leave by exits for a while.</summary>
    internal void Declined(int number)
    {
        if (_level[number] < MostLevel)
            _level[number]++;
        _exitsLeft[number] = (ushort)(1 << _level[number]);
    }

    /// <summary>The call was answered.</summary>
    internal void Answered(int number)
    {
        if (_level[number] > 0)
            _level[number]--;
    }

    /// <summary>The call left by an exit. True when it may ask the attendant again from now on.</summary>
    internal bool MayAskAgain(int number) => _exitsLeft[number] > 0 && --_exitsLeft[number] == 0;
}
