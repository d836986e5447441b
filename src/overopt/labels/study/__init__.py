"""What a study could decide, before anything is generated."""

from overopt.labels.study.advice import Advice
from overopt.labels.study.guess import Guess
from overopt.labels.study.plan import StudyPlan, study_plan
from overopt.labels.study.scenarios import Scenario, scenarios
from overopt.labels.study.simulation import Study

__all__ = ["Advice", "Guess", "Scenario", "Study", "StudyPlan", "scenarios", "study_plan"]
