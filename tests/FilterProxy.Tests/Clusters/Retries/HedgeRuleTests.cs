using FilterProxy.Core.Clusters.Retries;
using Xunit;

namespace FilterProxy.Tests.Clusters.Retries;

public sealed class HedgeRuleTests
{
    [Fact]
    public void Without_a_percentile_it_is_the_time_that_was_written() => Assert.Equal(50, new HedgeRule(50, 0, 2).DelayAt(1000));

    [Theory]
    [InlineData(0.5, 10)]
    [InlineData(0.9, 100)]
    [InlineData(0.99, 1000)]
    public void A_percentile_is_what_the_answers_of_late_took_to_within_a_fifth(double quantile, int milliseconds)
    {
        var rule = new HedgeRule(0, quantile, 2);
        rule.DelayAt(1000);
        Add(rule, 60, 9);
        Add(rule, 32, 90);
        Add(rule, 8, 900);
        Assert.InRange(rule.DelayAt(2000), milliseconds * 0.8, milliseconds * 1.2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70)]
    public void Until_enough_answers_are_known_the_time_holds(int after)
    {
        var rule = new HedgeRule(after, 0.95, 2);
        Add(rule, HedgeRule.MinAnswers - 1, 10);
        Assert.Equal(after, rule.DelayAt(1000));
        Add(rule, 1, 10);
        Assert.InRange(rule.DelayAt(2000), 9, 13);
    }

    [Fact]
    public void It_is_no_less_than_its_minimum()
    {
        var rule = new HedgeRule(0, 0.95, 20);
        Add(rule, 200, 1);
        Assert.Equal(20, rule.DelayAt(1000));
    }

    [Fact]
    public void Answers_are_forgotten()
    {
        var rule = new HedgeRule(0, 0.95, 2);
        rule.DelayAt(1000);
        Add(rule, 200, 10);
        Assert.NotEqual(0, rule.DelayAt(2000));
        Assert.Equal(0, rule.DelayAt(2000 + (2 * HedgeRule.Window)));
    }

    private static void Add(HedgeRule rule, int count, int milliseconds)
    {
        for (var i = 0; i < count; i++)
        {
            rule.Add(TimeSpan.FromMilliseconds(milliseconds));
        }
    }
}
