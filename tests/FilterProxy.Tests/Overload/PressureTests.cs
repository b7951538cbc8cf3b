using FilterProxy.Core.Overload;
using Xunit;

namespace FilterProxy.Tests.Overload;

public sealed class PressureTests
{
    private static readonly StageMarks s_marks = new(Shed: 1, Close: 2, Refuse: 4, Leave: 0.5);
    private readonly Pressure _pressure = new(OverloadResource.LoopLag);

    [Theory]
    [InlineData(0.99, OverloadStage.Calm)]
    [InlineData(1, OverloadStage.Shed)]
    [InlineData(2, OverloadStage.Close)]
    [InlineData(3.9, OverloadStage.Close)]
    [InlineData(4, OverloadStage.Refuse)]
    internal void A_stage_is_called_for_from_its_mark_on(double value, OverloadStage expected) => Assert.Equal(expected, LookAt(value));

    [Theory]
    [InlineData(2, OverloadStage.Refuse)]
    [InlineData(1.99, OverloadStage.Close)]
    [InlineData(1, OverloadStage.Close)]
    [InlineData(0.99, OverloadStage.Shed)]
    [InlineData(0.5, OverloadStage.Shed)]
    [InlineData(0.49, OverloadStage.Calm)]
    internal void A_stage_is_left_at_a_lower_value_than_it_is_entered_at(double value, OverloadStage expected)
    {
        LookAt(4);

        Assert.Equal(expected, LookAt(value));
    }

    [Fact]
    public void A_value_that_moves_between_the_two_marks_changes_nothing()
    {
        LookAt(0.9);
        Assert.Equal(OverloadStage.Calm, _pressure.Stage);

        LookAt(1);
        foreach (var value in new[] { 0.9, 0.5, 0.99, 0.51 })
        {
            Assert.Equal(OverloadStage.Shed, LookAt(value));
        }
    }

    [Fact]
    public void A_mark_counts_once_it_was_reached_at_so_many_looks_in_a_row()
    {
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(OverloadStage.Calm, LookAt(9, enter: 3));
            Assert.Equal(OverloadStage.Calm, LookAt(9, enter: 3));
            Assert.Equal(OverloadStage.Calm, LookAt(0, enter: 3));
        }

        LookAt(9, enter: 3);
        LookAt(9, enter: 3);
        Assert.Equal(OverloadStage.Refuse, LookAt(9, enter: 3));
    }

    [Fact]
    public void A_stage_is_left_once_the_value_was_low_at_so_many_looks_in_a_row()
    {
        LookAt(1);

        Assert.Equal(OverloadStage.Shed, LookAt(0, leave: 3));
        Assert.Equal(OverloadStage.Shed, LookAt(0, leave: 3));
        Assert.Equal(OverloadStage.Shed, LookAt(0.7, leave: 3));
        Assert.Equal(OverloadStage.Shed, LookAt(0, leave: 3));
        Assert.Equal(OverloadStage.Shed, LookAt(0, leave: 3));
        Assert.Equal(OverloadStage.Calm, LookAt(0, leave: 3));
    }

    [Fact]
    public void A_mark_that_is_off_is_never_reached_and_leaves_the_others()
    {
        var marks = s_marks with { Close = 0 };

        _pressure.Look(3, marks, 1, 1);
        Assert.Equal(OverloadStage.Shed, _pressure.Stage);

        _pressure.Look(4, marks, 1, 1);
        Assert.Equal(OverloadStage.Refuse, _pressure.Stage);
    }

    [Fact]
    public void A_mark_that_is_turned_off_lets_go_at_once()
    {
        LookAt(4);

        _pressure.Look(4, StageMarks.Off, 1, 100);

        Assert.Equal(OverloadStage.Calm, _pressure.Stage);
    }

    private OverloadStage LookAt(double value, int enter = 1, int leave = 1)
    {
        _pressure.Look(value, s_marks, enter, leave);
        return _pressure.Stage;
    }
}
