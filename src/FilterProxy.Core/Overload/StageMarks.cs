namespace FilterProxy.Core.Overload;

/// <summary>From which values of a resource on a stage is called for.</summary>
/// <param name="Shed">Of <see cref="OverloadStage.Shed"/>, in seconds or as a share; 0 for never.</param>
/// <param name="Close">Of <see cref="OverloadStage.Close"/>.</param>
/// <param name="Refuse">Of <see cref="OverloadStage.Refuse"/>.</param>
/// <param name="Leave">Below which share of its value a stage is called for no more.</param>
internal sealed record StageMarks(double Shed, double Close, double Refuse, double Leave)
{
    public static readonly StageMarks Off = new(0, 0, 0, 1);

    /// <summary>Whether any stage is ever called for.</summary>
    public bool IsOn => Shed > 0 || Close > 0 || Refuse > 0;

    /// <summary>The value that calls for a stage; 0 for none.</summary>
    public double Of(OverloadStage stage) => stage switch
    {
        OverloadStage.Shed => Shed,
        OverloadStage.Close => Close,
        OverloadStage.Refuse => Refuse,
        _ => 0,
    };
}
