using FilterProxy.Host;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FilterProxy.Tests;

public sealed class LogLevelsTests
{
    [Theory]
    [InlineData(LogLevel.Trace, true)]
    [InlineData(LogLevel.Error, false)]
    [InlineData(LogLevel.None, false)]
    public void A_level_silences_what_is_below_it_but_never_the_audit(LogLevel level, bool said)
    {
        var levels = new LogLevels { Level = level };

        Assert.Equal(said, levels.IsEnabled("FilterProxy", LogLevel.Information));
        Assert.True(levels.IsEnabled(LogLevels.AuditCategory, LogLevel.Information));
    }
}
