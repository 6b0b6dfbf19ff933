namespace Weft.Adapter;

/// <summary>
/// When an engine without work spins, steps aside and sleeps: a pure state machine over the time without work. It spins
/// for as long as a sleep and a wake-up cost, longer while sleeps turn out to be short.
/// </summary>
/// <param name="mode">How it was told to work.</param>
/// <param name="isLinked">Whether there are other hosts.</param>
internal sealed class IdlePolicy(EngineMode mode, bool isLinked)
{
    /// <summary>Where others want its core, an engine spins only for a peer that answers at once.</summary>
    private const double CrowdedSpinUs = 2;

    /// <summary>As long takes a program that polls to find what it waited for and to post what comes next.</summary>
    private const double AnswerSpinUs = 4;

    private const double CrowdedSleepUs = 5000, EventSpinUs = 20, PollSleepUs = 1e6;
    private const double NapPart = 0.25, NsPerUs = 1000, ShortestNapUs = 5, LongestFirstNapUs = 200, LongestNapUs = 1000;

    /// <summary>How a first nap's length follows its success: so that about one in five is too short.</summary>
    private const double Shrink = 0.95, Grow = 1.25;

    /// <summary>An idle time of more naps than this tells nothing of the time that a program needs to go on.</summary>
    private const int MostTellingNaps = 3;

    private const double ShortestSpinUs = 500, LongestSpinUs = 4000;

    /// <summary>Fewer requests than this are a short burst; a doorbell that traps is worth making plain again for as many.</summary>
    internal const int ShortBurst = 4;

    private const int BurstsToTell = 32;
    private int _shortBursts;

    /// <summary>For how long it spins before it sleeps.</summary>
    internal double SpinUs { get; private set; } = ShortestSpinUs;

    /// <summary>The next step.</summary>
    /// <param name="idleUs">For how long nothing moved.</param>
    /// <param name="isCrowded">Whether others want the engine's core.</param>
    /// <param name="hasContexts">Whether anybody could post at all.</param>
    /// <param name="sinceDeliveryUs">How long ago something came from another host that a program may wait for; no less than the idle time.</param>
    internal IdleStep Next(double idleUs, bool isCrowded, bool hasContexts, double sinceDeliveryUs = double.MaxValue)
    {
        // Short bursts: after what went out, sleep at once, the other host's engine may want this core; after what came in, the next post is near.
        bool isRung = _shortBursts >= BurstsToTell;
        if (mode == EngineMode.Auto && isCrowded && isRung)
            return sinceDeliveryUs > AnswerSpinUs ? IdleStep.Sleep : IdleStep.Spin;
        bool sleeps = mode switch
        {
            EngineMode.Poll => !hasContexts && idleUs > PollSleepUs,
            EngineMode.Event => idleUs > (isCrowded ? CrowdedSpinUs : EventSpinUs),
            _ => idleUs > (isCrowded ? CrowdedSleepUs : SpinUs),
        };
        if (sleeps)
            return IdleStep.Sleep;
        return isCrowded && idleUs > CrowdedSpinUs ? IdleStep.StepAside : IdleStep.Spin;
    }

    /// <summary>
    /// The first time aside after work: as long as programs usually need to get the core and post. A guest's way back in
    /// takes its time; who interrupts it before it is there only makes it begin again.
    /// </summary>
    internal double FirstNapUs { get; private set; } = ShortestNapUs;

    /// <summary>How long to step aside: longer each time, and a part of the time that passed without work, so that it costs little and delays little.</summary>
    /// <param name="idleUs">For how long nothing moved.</param>
    /// <param name="naps">How often it stepped aside since.</param>
    internal long NapNs(double idleUs, int naps) =>
        (long)(Math.Clamp(Math.Max(FirstNapUs * (naps + 1), naps == 0 ? 0 : idleUs * NapPart), ShortestNapUs, LongestNapUs) * NsPerUs);

    /// <summary>Work came again after so many naps.</summary>
    internal void Napped(int naps)
    {
        if (naps <= MostTellingNaps)
            FirstNapUs = naps == 1 ? Math.Max(FirstNapUs * Shrink, ShortestNapUs) : Math.Min(FirstNapUs * Grow, LongestFirstNapUs);
    }

    /// <summary>
    /// Work ended. Where bursts are short, as in a ping-pong with another host, each is better rung for than napped for: a
    /// bell wakes at once, and with an engine at either end nobody knows how long a nap should be.
    /// </summary>
    /// <param name="requests">Requests of this host's VMs that moved on in it.</param>
    internal void Worked(long requests) => _shortBursts = isLinked && requests < ShortBurst ? Math.Min(_shortBursts + 1, BurstsToTell) : 0;

    /// <summary>A sleep is over: one that was shorter than its spins was hardly worth its cost.</summary>
    internal void Slept(double durationUs) => SpinUs = durationUs < 2 * SpinUs
        ? Math.Min(SpinUs * 2, LongestSpinUs)
        : Math.Max(SpinUs / 2, ShortestSpinUs);
}
