namespace Weft.Adapter.Wire;

/// <summary>A rate limit: tokens come in steadily up to a store, each act takes some. Pure: the caller brings the time.</summary>
public struct TokenBucket
{
    private readonly double _perSecond, _most;
    private double _tokens;
    private long _lastNs;

    /// <summary>A full store.</summary>
    /// <param name="perSecond">Tokens that come in, above 0.</param>
    /// <param name="most">The most that is stored.</param>
    /// <param name="nowNs">Any clock that never steps back.</param>
    public TokenBucket(double perSecond, double most, long nowNs) => (_perSecond, _most, _tokens, _lastNs) = (perSecond, most, most, nowNs);

    /// <summary>Takes tokens, on credit if need be. Returns how long the caller must wait before it acts, in nanoseconds.</summary>
    public long Take(double tokens, long nowNs)
    {
        const double nsPerSecond = 1e9;
        if (nowNs > _lastNs)
        {
            _tokens = Math.Min(_most, _tokens + (nowNs - _lastNs) * _perSecond / nsPerSecond);
            _lastNs = nowNs;
        }
        _tokens -= tokens;
        return _tokens >= 0 ? 0 : (long)Math.Ceiling(-_tokens / _perSecond * nsPerSecond);
    }
}
