"""What a good Python developer writes today: Strawberry, Starlette, SQLAlchemy's async ORM, dataloaders."""
