namespace Weft.Adapter;

/// <summary>What an engine that falls asleep does next.</summary>
internal enum SleepStep
{
    /// <summary>Has every VM's doorbell page trap, and waits until each VMM has said that it does.</summary>
    MakePagesTrap,

    /// <summary>Lets no later look be done before what came before it: a full fence.</summary>
    Fence,

    /// <summary>Looks at every queue once more.</summary>
    LookAgain,

    /// <summary>Waits until something calls, however long that takes.</summary>
    Wait,

    /// <summary>Waits for a moment only: some VM's stores call nobody.</summary>
    WaitShortly,

    /// <summary>Goes back to work.</summary>
    StayAwake,
}
